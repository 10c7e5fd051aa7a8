/**
 * A place in a client's reply queue that is filled later. It outlives the request, which is recycled when its
 * client is gone: a generation tells.
 *
 * @module
 */
import type { Failure } from "../failure.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import { type Request, RequestState } from "../request/request.ts";
import type { DeferredReply } from "./stages.ts";

/** What a deferred reply needs of its session. */
export interface DeferredReplyOwner {
  /** The whole reply to a request that no backend answers. */
  settle(
    request: Request,
    row: CommandRow | null,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): void;
  /** Part of the reply to the oldest request in flight. */
  settlePart(bytes: Uint8Array, start: number, end: number): void;
  /** The request, whose command has this row, fails in its turn. */
  settleFailed(
    request: Request,
    row: CommandRow | null,
    failure: Failure,
    address: string,
  ): void;
}

/** One answer that is due. */
export class QueuedReply implements DeferredReply {
  readonly #owner: DeferredReplyOwner;
  readonly #request: Request;
  readonly #row: CommandRow | null;
  readonly #generation: number;

  /** @param row The command's; null where no command has that name. */
  constructor(owner: DeferredReplyOwner, request: Request, row: CommandRow | null) {
    this.#owner = owner;
    this.#request = request;
    this.#row = row;
    this.#generation = request.generation;
  }

  get isDue(): boolean {
    return this.#request.generation === this.#generation &&
      this.#request.state === RequestState.Waiting;
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length, isOwned = false): void {
    if (!this.isDue) return;
    this.#owner.settle(this.#request, this.#row, bytes, start, end, isOwned);
  }

  part(bytes: Uint8Array, start: number, end: number): void {
    if (this.isDue && !this.#request.isQuiet) this.#owner.settlePart(bytes, start, end);
  }

  fail(failure: Failure, address: string): void {
    if (this.isDue) this.#owner.settleFailed(this.#request, this.#row, failure, address);
  }
}
