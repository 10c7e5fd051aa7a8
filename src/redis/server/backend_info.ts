/**
 * INFO of the servers behind the proxy, as one: asked for when a client wants to know, over the connections that all
 * share. What was learned is believed for a second, a question is not asked twice at a time, few servers are asked at
 * once, and none is waited for longer than a second: what a server does not say in time is not in the sum.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import { requestBytes } from "../../protocol/resp/write/replies.ts";
import type { CallReply } from "../core/dedicated_call.ts";
import type { RedisContext } from "../core/feature.ts";
import { InfoMerge } from "./info_merge.ts";
import type { InfoSection } from "./info_text.ts";
import { ServerRound } from "./server_round.ts";
import { type Baseline, countedSince, readBaseline } from "./statistics_baseline.ts";

/** How long what was learned is believed, milliseconds. */
export const BELIEVED_MS = 1_000;
/** Longest text of one server that is read, bytes. */
export const TEXT_BYTES_MAX = 1024 * 1024;
/** Questions whose answers are kept; with more the oldest is forgotten. */
export const QUESTIONS_MAX = 32;

/** What the servers say together. */
export interface BackendInfo {
  readonly sections: readonly InfoSection[];
  /** Servers that were asked, and that answered in time. */
  readonly asked: number;
  readonly answered: number;
}

/** One question: in flight, or answered. */
interface Question {
  answeredAtMs: number;
  info: BackendInfo | null;
  readonly waiting: ((info: BackendInfo) => void)[];
}

/** INFO of a cluster's servers, asked for on demand and believed for a second, waited for no longer than that. */
export class BackendInfos {
  readonly #context: RedisContext;
  readonly #questions = new Map<string, Question>();
  /** Servers that have not answered an earlier question, which nobody waits for any more: they are not asked again. */
  readonly #silent = new Set<Backend>();
  /** By the server's address. */
  #baselines: ReadonlyMap<string, Baseline> = new Map();

  constructor(context: RedisContext) {
    this.#context = context;
  }

  /** What servers say to `INFO word`, or to INFO alone where there is none; `done` is called once, perhaps at once. */
  ask(word: string | null, done: (info: BackendInfo) => void): void {
    const key = word ?? "";
    const { nowMs } = this.#context.backends.clock;
    const known = this.#questions.get(key);
    if (known?.info && nowMs - known.answeredAtMs < BELIEVED_MS) return done(known.info);
    if (known !== undefined && known.info === null) return void known.waiting.push(done);
    const question: Question = { answeredAtMs: 0, info: null, waiting: [done] };
    this.#remember(key, question);
    const merge = new InfoMerge();
    const request = word === null ? requestBytes("INFO") : requestBytes("INFO", word);
    new ServerRound(this.#context, this.#silent, request, (backend, reply) => {
      const baseline = this.#baselines.get(backend.address);
      const text = textOf(reply);
      if (text === null) return false;
      merge.add(text, (title, field) => countedSince(title, field, baseline));
      return true;
    }, (asked, answered) => {
      question.info = { sections: merge.sections(), asked, answered };
      // With no server known yet that soon changes.
      question.answeredAtMs = asked === 0 ? -Infinity : this.#context.backends.clock.nowMs;
      for (const waiting of question.waiting.splice(0)) waiting(question.info);
    }).begin();
  }

  /** Counts anew from now on. A server that does not answer goes on counting from where it did. */
  reset(done: () => void): void {
    const baselines = new Map(this.#baselines);
    const request = requestBytes("INFO", "everything");
    new ServerRound(this.#context, this.#silent, request, (backend, reply) => {
      const text = textOf(reply);
      if (text !== null) baselines.set(backend.address, readBaseline(text));
      return text !== null;
    }, () => {
      this.#baselines = baselines;
      // Whoever waits gets what was asked before.
      this.#questions.clear();
      done();
    }).begin();
  }

  #remember(key: string, question: Question): void {
    // Behind all others, as the latest.
    this.#questions.delete(key);
    this.#questions.set(key, question);
    for (const oldest of this.#questions.keys()) {
      if (this.#questions.size <= QUESTIONS_MAX) return;
      this.#questions.delete(oldest);
    }
  }
}

const decoder = new TextDecoder();
const LINE_FEED = 0x0a;
const DOLLAR = 0x24;
const LINE_END_BYTES = 2;

/** The text of a bulk string; null where the reply is something else, or too long. */
function textOf({ bytes, start, end, isError }: CallReply): string | null {
  if (isError || bytes[start] !== DOLLAR || end - start > TEXT_BYTES_MAX) return null;
  const body = bytes.indexOf(LINE_FEED, start) + 1;
  return body === 0 || body > end - LINE_END_BYTES
    ? null
    : decoder.decode(bytes.subarray(body, end - LINE_END_BYTES));
}
