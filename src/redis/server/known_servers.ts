/**
 * What is known of the servers behind a cluster: which product they are, and of which version, the least of them. They
 * are asked when somebody wants to know, and at most once a minute. Libraries switch features by it, and some of the
 * proxy's own answers follow it.
 *
 * @module
 */
import { AskedFact } from "../../backend/asked_fact.ts";
import type { Clock } from "../../clock.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { BackendInfo } from "./backend_info.ts";
import { DEFAULT_KIND, kindOf, type ServerKind } from "./server_kind.ts";

/** Asks all servers for their INFO; `heard` is called once, perhaps at once. */
export type AskServers = (word: string, heard: (info: BackendInfo) => void) => void;

/** Product and version of a cluster's servers, the oldest of them; asked for on demand, at most once a minute. */
export class KnownServers {
  readonly #fact: AskedFact<ServerKind>;
  #askServers: AskServers | null = null;

  constructor(clock: Clock) {
    this.#fact = new AskedFact(clock, DEFAULT_KIND);
  }

  /** From now on the servers can be asked. */
  askBy(askServers: AskServers): void {
    this.#askServers = askServers;
  }

  /** What is known now; before the servers' first answer, {@link DEFAULT_KIND}. */
  get kind(): ServerKind {
    this.#askIfDue();
    return this.#fact.value;
  }

  /** Tells the kind: at once, or once the servers were asked for the first time. */
  tell(heard: (kind: ServerKind) => void): void {
    this.#askIfDue();
    this.#fact.tell(heard);
  }

  /** Answers with what `make` makes of the kind: now, or once the servers were asked for the first time. */
  answer(client: LocalClient, make: (kind: ServerKind) => Uint8Array | null): Uint8Array | null {
    this.#askIfDue();
    if (!this.#fact.isAwaited) return make(this.#fact.value);
    const late = client.answerLater();
    this.#fact.tell((kind) => {
      const reply = make(kind);
      if (reply !== null) late.reply(reply);
    });
    return null;
  }

  /** A reply of Redis 7.0 in the servers' own words, where they have others. */
  inTheirWords(reply: Uint8Array): Uint8Array {
    return this.kind.ways.words.get(reply) ?? reply;
  }

  #askIfDue(): void {
    if (this.#askServers === null || !this.#fact.isDue) return;
    this.#fact.begin();
    this.#askServers("server", ({ sections, asked }) => {
      const fields = new Map(sections.flatMap((section) => section.fields));
      const version = versionIn(fields.get("redis_version"));
      const kind = version === null
        ? null
        : kindOf(version, versionIn(fields.get("valkey_version")));
      // Where nobody could be asked no server is known yet: that soon changes.
      this.#fact.learn(kind, asked === 0);
    });
  }
}

function versionIn(text: string | undefined): string | null {
  return /^[\d.]+/.exec(text ?? "")?.[0] ?? null;
}
