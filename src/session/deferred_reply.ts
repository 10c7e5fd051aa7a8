/**
 * A place in a client's reply queue that is filled later. It outlives the request, which is recycled when its
 * client is gone: a generation tells.
 *
 * @module
 */
import type { Failure } from "../failure.ts";
import { type Request, RequestState } from "../request/request.ts";
import type { DeferredReply } from "./stages.ts";

/** What a deferred reply needs of its session. */
export interface DeferredReplyOwner {
  /** The whole reply to a request that no backend answers. */
  settle(request: Request, bytes: Uint8Array, start: number, end: number, isOwned: boolean): void;
  /** Part of the reply to the oldest request in flight. */
  settlePart(bytes: Uint8Array, start: number, end: number): void;
  /** The request fails in its turn. */
  fail(request: Request, failure: Failure, address: string): void;
}

/** One answer that is due. */
export class QueuedReply implements DeferredReply {
  readonly #owner: DeferredReplyOwner;
  readonly #request: Request;
  readonly #generation: number;

  constructor(owner: DeferredReplyOwner, request: Request) {
    this.#owner = owner;
    this.#request = request;
    this.#generation = request.generation;
  }

  get isDue(): boolean {
    return this.#request.generation === this.#generation &&
      this.#request.state === RequestState.Waiting;
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length, isOwned = false): void {
    if (this.isDue) this.#owner.settle(this.#request, bytes, start, end, isOwned);
  }

  part(bytes: Uint8Array, start: number, end: number): void {
    if (this.isDue && !this.#request.isQuiet) this.#owner.settlePart(bytes, start, end);
  }

  fail(failure: Failure, address: string): void {
    if (this.isDue) this.#owner.fail(this.#request, failure, address);
  }
}
