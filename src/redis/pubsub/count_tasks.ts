/**
 * What PUBSUB asks, in pieces: each worker counts the clients of its topics, and the worker that was asked adds up
 * what all of them have.
 *
 * @module
 */
import { ByteWriter } from "../../bytes/byte_writer.ts";
import type { LongTask } from "../../net/turn_budget.ts";
import { globMatches } from "./glob.ts";
import type { Hub } from "./hub.ts";
import { NameCountsReader, NameCountsWriter } from "./name_counts.ts";
import { type KeptNames, NameList } from "./name_list.ts";
import type { TopicKindCode } from "./topic.ts";

/** What is asked of a worker: the counts of these names, or of all that match a pattern. Plain data. */
export interface Question {
  readonly kind: TopicKindCode;
  readonly names: KeptNames | null;
  readonly pattern: string | null;
}

/** What is replied: the names, each name with its count, or how many names there are. */
export type CountShape = "names" | "counts" | "number";

/** Pieces of work that a name takes. */
export const PIECES_TO_COUNT = 4;
/** A name of this many characters more is one more piece. */
const CHARACTERS_PER_PIECE = 128;

/** Counts the clients that one worker has. */
export class CountTask implements LongTask {
  isQueued = false;
  readonly #hub: Hub;
  readonly #question: Question;
  readonly #names: Iterator<string>;
  /** Names may be asked for twice, and count once. */
  readonly #seen = new Set<string>();
  readonly #counts = new NameCountsWriter();
  readonly #done: (counts: Uint8Array) => void;

  constructor(hub: Hub, question: Question, done: (counts: Uint8Array) => void) {
    this.#hub = hub;
    this.#question = question;
    this.#names = question.names === null
      ? hub.topics(question.kind).keys()
      : namesOf(question.names);
    this.#done = done;
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces) {
      const name: string | undefined = this.#names.next().value;
      if (name === undefined) {
        this.#done(this.#counts.take());
        return done;
      }
      done += PIECES_TO_COUNT + name.length / CHARACTERS_PER_PIECE;
      this.#count(name);
    }
    return done;
  }

  #count(name: string): void {
    const { kind, pattern, names } = this.#question;
    const clients = this.#hub.find(kind, name)?.subscribers.size ?? 0;
    if (clients === 0 || (pattern !== null && !globMatches(pattern, name))) return;
    if (names !== null) {
      if (this.#seen.has(name)) return;
      this.#seen.add(name);
    }
    this.#counts.add(name, clients);
  }
}

/** Adds up the counts of all workers and makes the reply. */
export class SumTask implements LongTask {
  isQueued = false;
  readonly #shape: CountShape;
  readonly #sums = new Map<string, number>();
  readonly #answers: NameCountsReader[] = [];
  readonly #reply = new ByteWriter();
  /** What goes into the reply, in order, once all is added up. */
  #names: Iterator<string> | null = null;
  readonly #question: Question;
  readonly #done: (reply: Uint8Array) => void;

  constructor(question: Question, shape: CountShape, done: (reply: Uint8Array) => void) {
    this.#question = question;
    this.#shape = shape;
    this.#done = done;
  }

  /** Adds what one worker has counted; before any work. */
  add(counts: Uint8Array): void {
    this.#answers.push(new NameCountsReader(counts));
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces) {
      const step = this.#answers.length > 0 ? this.#addNext() : this.#writeNext();
      if (step === 0) break;
      done += step;
    }
    return done;
  }

  #addNext(): number {
    const answer = this.#answers.at(-1)!;
    if (!answer.next()) {
      this.#answers.pop();
      return PIECES_TO_COUNT;
    }
    this.#sums.set(answer.name, (this.#sums.get(answer.name) ?? 0) + answer.count);
    return PIECES_TO_COUNT + answer.name.length / CHARACTERS_PER_PIECE;
  }

  #writeNext(): number {
    this.#names ??= this.#begin();
    const name: string | undefined = this.#names.next().value;
    if (name === undefined) {
      this.#done(this.#reply.bytes.slice(0, this.#reply.length));
      return 0;
    }
    const reply = this.#reply;
    reply.text("$");
    reply.decimal(name.length);
    reply.text(`\r\n${name}\r\n`);
    if (this.#shape === "counts") reply.text(`:${this.#sums.get(name) ?? 0}\r\n`);
    return PIECES_TO_COUNT + name.length / CHARACTERS_PER_PIECE;
  }

  /** Writes what stands before the names; returns those. */
  #begin(): Iterator<string> {
    const { names } = this.#question;
    const { size } = this.#sums;
    if (this.#shape === "number") {
      this.#reply.text(`:${size}\r\n`);
      return [].values();
    }
    const elements = this.#shape === "names" ? size : names!.offsets.length;
    this.#reply.text(`*${elements}\r\n`);
    return this.#shape === "names" ? this.#sums.keys() : namesOf(names!);
  }
}

function* namesOf(kept: KeptNames): Generator<string> {
  const list = NameList.ofKept(kept);
  for (let index = 0; index < list.count; index++) yield list.name(index);
}
