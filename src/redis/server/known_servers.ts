/**
 * What is known of the servers behind a cluster: which product they are, and of which version, the least of them. They
 * are asked when somebody wants to know, and at most once a minute. Libraries switch features by it, and some of the
 * proxy's own answers follow it.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { LocalClient } from "../../session/features.ts";
import type { BackendInfo } from "./backend_info.ts";
import { DEFAULT_KIND, kindOf, type ServerKind } from "./server_kind.ts";

/** How long what was learned is believed, milliseconds. */
export const REFRESH_INTERVAL_MS = 60_000;
/** How long a question is not repeated that nobody answered, milliseconds. */
export const RETRY_INTERVAL_MS = 5_000;

/** Asks all servers for their INFO; `heard` is called once, perhaps at once. */
export type AskServers = (word: string, heard: (info: BackendInfo) => void) => void;

/** Product and version of a cluster's servers, the oldest of them; asked for on demand, at most once a minute. */
export class KnownServers {
  readonly #clock: Clock;
  #askServers: AskServers | null = null;
  #known: ServerKind | null = null;
  #askedAtMs = -Infinity;
  #isAsking = false;
  /** Clients that asked before anything was known. */
  readonly #waiting: ((kind: ServerKind) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on the servers can be asked. */
  askBy(askServers: AskServers): void {
    this.#askServers = askServers;
  }

  /** What is known now; before the servers' first answer, {@link DEFAULT_KIND}. */
  get kind(): ServerKind {
    this.#askIfDue();
    return this.#known ?? DEFAULT_KIND;
  }

  /** Tells the kind: at once, or once the servers were asked for the first time. */
  tell(heard: (kind: ServerKind) => void): void {
    const { kind } = this;
    if (this.#known === null && this.#isAsking) this.#waiting.push(heard);
    else heard(kind);
  }

  /** Answers with what `make` makes of the kind: now, or once the servers were asked for the first time. */
  answer(client: LocalClient, make: (kind: ServerKind) => Uint8Array | null): Uint8Array | null {
    const { kind } = this;
    if (this.#known !== null || !this.#isAsking) return make(kind);
    const late = client.answerLater();
    this.#waiting.push((heard) => {
      const reply = make(heard);
      if (reply !== null) late.reply(reply, 0, reply.length);
    });
    return null;
  }

  /** A reply of Redis 7.0 in the servers' own words, where they have others. */
  inTheirWords(reply: Uint8Array): Uint8Array {
    return this.kind.ways.words.get(reply) ?? reply;
  }

  #askIfDue(): void {
    if (this.#isAsking || this.#askServers === null) return;
    const intervalMs = this.#known === null ? RETRY_INTERVAL_MS : REFRESH_INTERVAL_MS;
    if (this.#clock.nowMs - this.#askedAtMs < intervalMs) return;
    this.#askedAtMs = this.#clock.nowMs;
    this.#isAsking = true;
    this.#askServers("server", ({ sections, asked }) => {
      this.#isAsking = false;
      // No server is known yet: that soon changes.
      if (asked === 0) this.#askedAtMs = -Infinity;
      const fields = new Map(sections.flatMap((section) => section.fields));
      const redisVersion = versionIn(fields.get("redis_version"));
      if (redisVersion !== null) {
        this.#known = kindOf(redisVersion, versionIn(fields.get("valkey_version")));
      }
      for (const waiting of this.#waiting.splice(0)) waiting(this.#known ?? DEFAULT_KIND);
    });
  }
}

function versionIn(text: string | undefined): string | null {
  return /^[\d.]+/.exec(text ?? "")?.[0] ?? null;
}
