/**
 * A stage that only judges the requests of its client: what it lets pass goes its usual way.
 *
 * @module
 */
import type { RequestFrame } from "../protocol/protocol.ts";
import type { ClientStage, LocalClient, VerdictCode } from "./stages.ts";

/** Knows which requests it has seen before: one that passed and has to wait all the same is shown again. */
export abstract class JudgingStage<Permissions, Watcher> implements ClientStage {
  readonly isBystander = true;
  /** What the client may do. */
  readonly permissions: Permissions;
  /** Who is told of what the stage sees. */
  protected readonly watcher: Watcher;
  #isShownAgain = false;

  constructor(permissions: Permissions, watcher: Watcher) {
    this.permissions = permissions;
    this.watcher = watcher;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    const isNew = !this.#isShownAgain;
    this.#isShownAgain = false;
    return this.judge(client, frame, bytes, isNew);
  }

  /**
   * Says what becomes of a request.
   *
   * @param isNew False: it was judged before, passed, and had to wait.
   */
  protected abstract judge(
    client: LocalClient,
    frame: RequestFrame,
    bytes: Uint8Array,
    isNew: boolean,
  ): VerdictCode;

  onPostponed(): void {
    this.#isShownAgain = true;
  }

  onInputEnd(): boolean {
    return false;
  }

  onClose(): void {}
}
