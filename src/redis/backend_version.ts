/**
 * The version of Redis that clients are told: the least of the servers', asked for when a client wants to know and at
 * most once a minute. Libraries switch features by it.
 *
 * @module
 */
import type { LocalClient } from "../session/features.ts";
import type { RedisContext } from "./feature.ts";
import { BackendInfos } from "./server/backend_info.ts";

/** How long what was learned is believed, milliseconds. */
export const REFRESH_INTERVAL_MS = 60_000;
/** How long a question is not repeated that nobody answered, milliseconds. */
export const RETRY_INTERVAL_MS = 5_000;
/** What is said while no server has answered: the version of Redis that the table is compared with. */
export const DEFAULT_VERSION = "7.0.15";

/** See above. */
export class BackendVersion {
  readonly #context: RedisContext;
  readonly #backends: BackendInfos;
  #known: string | null = null;
  #askedAtMs = -Infinity;
  #isAsking = false;
  /** Clients that asked before anything was known. */
  readonly #waiting: ((version: string) => void)[] = [];

  constructor(context: RedisContext, backends: BackendInfos = new BackendInfos(context)) {
    this.#context = context;
    this.#backends = backends;
  }

  /** Tells the version: at once, or once the servers were asked for the first time. */
  tell(heard: (version: string) => void): void {
    if (!this.#isAsking && this.#isDue) this.#ask();
    if (this.#known !== null || !this.#isAsking) heard(this.#known ?? DEFAULT_VERSION);
    else this.#waiting.push(heard);
  }

  /** Answers with what `make` makes of the version: now, or once the servers were asked for the first time. */
  answer(client: LocalClient, make: (version: string) => Uint8Array): Uint8Array | null {
    if (!this.#isAsking && this.#isDue) this.#ask();
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

  #ask(): void {
    this.#askedAtMs = this.#context.backends.clock.nowMs;
    this.#isAsking = true;
    this.#backends.ask("server", ({ sections, asked }) => {
      this.#isAsking = false;
      // No server is known yet: that soon changes.
      if (asked === 0) this.#askedAtMs = -Infinity;
      const fields = sections.flatMap((section) => section.fields);
      // Of several servers it is the least.
      const version = fields.find(([name]) => name === "redis_version")?.[1] ?? "";
      this.#known = /^[\d.]+/.exec(version)?.[0] ?? this.#known;
      for (const waiting of this.#waiting.splice(0)) waiting(this.#known ?? DEFAULT_VERSION);
    });
  }
}
