/**
 * EVALSHA inside a transaction: SCRIPT LOAD cannot go ahead of it on the same connection, where it would be an element
 * of EXEC's reply. It goes over the client's usual connection to that server, and the EVALSHA waits for it.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import { CommandFlag } from "../../protocol/command_table.ts";
import type { SentTo } from "../../request/exchange.ts";
import type { LocalClient } from "../../session/features.ts";
import type { LocalRequest } from "../local_request.ts";
import type { ScriptKeeper } from "../scripts/script_keeper.ts";
import { includes } from "../scripts/script_repair.ts";

const NO_SCRIPT = new TextEncoder().encode("-NOSCRIPT ");

/** The scripts of one transaction. */
export class ScriptWait {
  readonly #keeper: ScriptKeeper;
  readonly #client: LocalClient;
  #isLoading = false;
  #hasScripts = false;
  #isOver = false;

  constructor(keeper: ScriptKeeper, client: LocalClient) {
    this.#keeper = keeper;
    this.#client = client;
  }

  /** Whether a request has to wait until `backend` has its script; its client is asked to go on then. */
  isDue({ frame, bytes }: LocalRequest, backend: Backend | null): boolean {
    if (this.#isLoading) return true;
    if ((frame.row!.flags & CommandFlag.Script) === 0 || backend === null) return false;
    this.#hasScripts = true;
    this.#isLoading = true;
    const isLoading = this.#keeper.provide(this.#client, backend, { frame, bytes }, () => {
      this.#isLoading = false;
      if (!this.#isOver) this.#client.parseOn();
    });
    if (!isLoading) this.#isLoading = false;
    return this.#isLoading;
  }

  /** EXEC was answered by `bytes[start, end)`: a server that has lost its scripts says so in one of the elements. */
  executed(server: SentTo, bytes: Uint8Array, start: number, end: number): void {
    if (this.#hasScripts && includes(bytes.subarray(start, end), NO_SCRIPT)) {
      this.#keeper.hasLost(server);
    }
  }

  /** The transaction is over, or its client gone. */
  end(): void {
    this.#isOver = true;
  }
}
