/**
 * A subscribe request whose names are not all confirmed by the backends yet: its client has all of them or none.
 *
 * @module
 */
import type { Failure } from "../../failure.ts";
import type { Topic } from "./topic.ts";

/** Hears how it ended; one call, once, unless it was given up. */
export interface WaitListener {
  /** All are confirmed. */
  confirmed(): void;
  /** A backend has answered with an error, which stands in `bytes[start, end)`. */
  refused(bytes: Uint8Array, start: number, end: number): void;
  /** A backend does not answer, or there is none. */
  failed(failure: Failure, address: string): void;
}

/** See above. */
export class SubscribeWait {
  readonly topics: readonly Topic[];
  /** When it has waited long enough, milliseconds of the worker's clock. */
  readonly deadlineMs: number;
  readonly listener: WaitListener;

  constructor(topics: readonly Topic[], deadlineMs: number, listener: WaitListener) {
    this.topics = topics;
    this.deadlineMs = deadlineMs;
    this.listener = listener;
  }

  /** Whether nothing is left to wait for. */
  get isConfirmed(): boolean {
    return this.topics.every((topic) => topic.isConfirmed);
  }

  /** The backend that has not confirmed yet, or "". */
  get awaitedAddress(): string {
    for (const topic of this.topics) {
      const awaited = topic.wanted.find((site) => !site.isConfirmed);
      if (awaited !== undefined) return awaited.link.backend.address;
    }
    return "";
  }
}
