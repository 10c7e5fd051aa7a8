/**
 * The version of Redis that clients are told: the least of the servers', asked for when a client wants to know and at
 * most once a minute. Libraries switch features by it.
 *
 * @module
 */
import { requestBytes } from "../protocol/resp/replies.ts";
import type { LocalClient } from "../session/features.ts";
import type { RedisContext } from "./feature.ts";
import { callShards } from "./shard_calls.ts";

/** How long what was learned is believed, milliseconds. */
export const REFRESH_INTERVAL_MS = 60_000;
/** How long a question is not repeated that nobody answered, milliseconds. */
export const RETRY_INTERVAL_MS = 5_000;
/** What is said while no server has answered: the version of Redis that the table is compared with. */
export const DEFAULT_VERSION = "7.0.15";

const INFO_SERVER = requestBytes("INFO", "server");
const decoder = new TextDecoder();

/** See above. */
export class BackendVersion {
  readonly #context: RedisContext;
  #known: string | null = null;
  #askedAtMs = -Infinity;
  #isAsking = false;
  /** Clients that asked before anything was known. */
  readonly #waiting: ((version: string) => void)[] = [];

  constructor(context: RedisContext) {
    this.#context = context;
  }

  /** Answers with what `make` makes of the version: now, or once the servers were asked for the first time. */
  answer(client: LocalClient, make: (version: string) => Uint8Array): Uint8Array | null {
    if (!this.#isAsking && this.#isDue) this.#ask(client);
    if (this.#known !== null || !this.#isAsking) return make(this.#known ?? DEFAULT_VERSION);
    const late = client.answerLater();
    this.#waiting.push((version) => {
      const reply = make(version);
      late.reply(reply, 0, reply.length);
    });
    return null;
  }

  get #isDue(): boolean {
    const intervalMs = this.#known === null ? RETRY_INTERVAL_MS : REFRESH_INTERVAL_MS;
    return this.#context.backends.clock.nowMs - this.#askedAtMs >= intervalMs;
  }

  /** Asks each server, over the connections of the client that wants to know. */
  #ask(client: LocalClient): void {
    this.#askedAtMs = this.#context.backends.clock.nowMs;
    this.#isAsking = true;
    callShards(this.#context, client, this.#context.router.shards(), INFO_SERVER, (replies) => {
      this.#isAsking = false;
      const versions = replies.filter(({ isError }) => !isError)
        .flatMap(({ bytes }) => /redis_version:([\d.]+)/.exec(decoder.decode(bytes))?.[1] ?? []);
      this.#known = leastVersion(versions) ?? this.#known;
      for (const waiting of this.#waiting.splice(0)) waiting(this.#known ?? DEFAULT_VERSION);
    });
  }
}

/** The least of versions such as `7.0.15`, or null if there is none. */
export function leastVersion(versions: readonly string[]): string | null {
  const sorted = [...versions].sort((one, other) => {
    const [left, right] = [one, other].map((version) => version.split(".").map(Number));
    const index = left!.findIndex((part, at) => part !== (right![at] ?? 0));
    return index < 0 ? left!.length - right!.length : left![index]! - (right![index] ?? 0);
  });
  return sorted[0] ?? null;
}
