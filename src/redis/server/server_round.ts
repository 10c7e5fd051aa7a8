/**
 * One question to all servers of a cluster, over the connections that all share: few are asked at once, and none is
 * waited for longer than a second.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { Watched } from "../../clock.ts";
import { NOBODY } from "../../request/exchange.ts";
import { type CallReply, sendCall } from "../core/dedicated_call.ts";
import type { RedisContext } from "../core/feature.ts";

/** Longest wait for the servers, milliseconds. */
export const WAIT_MAX_MS = 1_000;
/** Servers that are asked at once: each reply is read in the turn in which it comes. */
export const ASKED_AT_ONCE = 32;

/** Takes one server's reply, whose bytes are valid during the call; returns whether it is an answer. */
export type Heard = (backend: Backend, reply: CallReply) => boolean;

/** One question to all servers that hold keys. */
export class ServerRound implements Watched {
  isWatched = false;
  readonly #context: RedisContext;
  readonly #silent: Set<Backend>;
  readonly #request: Uint8Array;
  readonly #heard: Heard;
  readonly #done: (asked: number, answered: number) => void;
  readonly #backends: readonly Backend[];
  readonly #endsAtMs: number;
  #next = 0;
  readonly #inFlight = new Set<Backend>();
  #answered = 0;
  #isSending = false;
  #isOver = false;

  /**
   * @param silent Servers that have not answered an earlier question: they are not asked. Kept up here.
   * @param done Called once, at the end: how many servers there are, and how many have answered.
   */
  constructor(
    context: RedisContext,
    silent: Set<Backend>,
    request: Uint8Array,
    heard: Heard,
    done: (asked: number, answered: number) => void,
  ) {
    this.#context = context;
    this.#silent = silent;
    this.#request = request;
    this.#heard = heard;
    this.#done = done;
    this.#backends = context.router.shards();
    this.#endsAtMs = context.backends.clock.nowMs + WAIT_MAX_MS;
  }

  begin(): void {
    this.#send();
    if (!this.#isOver) this.#context.backends.clock.watch(this);
  }

  onTick(nowMs: number): boolean {
    if (!this.#isOver && nowMs >= this.#endsAtMs) this.#end();
    return !this.#isOver;
  }

  /** Asks as many as may be asked; one that fails at once makes room for the next. */
  #send(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#inFlight.size < ASKED_AT_ONCE && this.#next < this.#backends.length) {
      const backend = this.#backends[this.#next]!;
      this.#next += 1;
      if (!this.#silent.has(backend)) this.#ask(backend);
    }
    this.#isSending = false;
    if (this.#inFlight.size === 0) this.#end();
  }

  #ask(backend: Backend): void {
    this.#inFlight.add(backend);
    const connection = backend.connectionFor(NOBODY.number, NOBODY.profiles.master);
    sendCall(this.#context, { connection, place: -1, client: NOBODY }, this.#request, {
      replied: (reply) => {
        if (!this.#isOver && this.#heard(backend, reply)) this.#answered += 1;
        this.#settled(backend);
      },
      failed: () => this.#settled(backend),
    });
  }

  #settled(backend: Backend): void {
    this.#inFlight.delete(backend);
    this.#silent.delete(backend);
    if (!this.#isOver) this.#send();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const backend of this.#inFlight) this.#silent.add(backend);
    this.#done(this.#backends.length, this.#answered);
  }
}
