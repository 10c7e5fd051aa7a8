/**
 * Random memcache requests of one client, and what their replies may be.
 *
 * @module
 */
import type { Random } from "../support/tools/seed.ts";
import type { Dialect, Expectations, IssuedRequest, ReplyTally } from "./dialect.ts";
import {
  ABSENT,
  type AppendKey,
  type CounterKey,
  type RegisterKey,
  shownKeys,
} from "./key_models.ts";
import { type Kept, type ModelIdentity, OwnKeys } from "./own_keys.ts";
import { type MemcacheItem, type MemcacheReply, MemcacheReplyReader } from "./reply_reader.ts";
import { readValue } from "./tagged_value.ts";
import { shownBytes, Violation } from "./violation.ts";

const QUIET_SHARE = 0.15;
/** Far enough away that nothing expires. */
const EXPIRY_SECONDS = 20_000;

/**
 * Errors that the faults of a run explain; any other means that a request was changed on its way.
 */
const FAULT_ERRORS = [
  /^SERVER_ERROR backend \S+: (connection refused|connecting timed out|connecting failed)$/,
  /^SERVER_ERROR backend \S+: (no reply in time|connection silent for twice the read timeout)$/,
  /^SERVER_ERROR backend \S+: (connection closed|connection lost|took no bytes in time)$/,
  /^SERVER_ERROR backend \S+: (send queue is full|ejected after failed pings)$/,
  /^SERVER_ERROR no backend is available$/,
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Request = IssuedRequest<MemcacheReply>;

/** A key that must be made by `add` before it can be used. */
interface MadeKey<Key> extends Kept<Key> {
  /** Whether the `add` was confirmed. */
  isMade: boolean;
}

/** memcache as one client speaks it. */
export class MemcacheDialect implements Dialect<MemcacheReply> {
  readonly #random: Random;
  readonly #identity: ModelIdentity;
  readonly #expectations: Expectations;
  readonly #tally: ReplyTally;
  readonly #keys: OwnKeys<MadeKey<CounterKey>, MadeKey<AppendKey>>;
  /** What `gets` said last of a key: its unique number and the value's. */
  readonly #uniques = new WeakMap<RegisterKey, { unique: string; number: number }>();
  /** Requests that have to go out first. */
  readonly #pending: Request[] = [];
  readonly #makers: readonly [weight: number, make: () => Request][];

  constructor(
    random: Random,
    identity: ModelIdentity,
    expectations: Expectations,
    tally: ReplyTally,
  ) {
    this.#random = random;
    this.#identity = identity;
    this.#expectations = expectations;
    this.#tally = tally;
    this.#keys = new OwnKeys(
      random,
      identity,
      expectations,
      (key) => this.#make(key, "0"),
      (key) => this.#make(key, ""),
    );
    this.#makers = [
      [20, () => this.#set()],
      [30, () => this.#get()],
      [8, () => this.#compareAndSwap()],
      [5, () => this.#delete()],
      [5, () => this.#touch()],
      [10, () => this.#increment()],
      [4, () => this.#readCounter()],
      [8, () => this.#append()],
      [4, () => this.#readAppended()],
      [3, () => this.#line("version\r\n", (line) => line.startsWith("VERSION "))],
      [2, () => this.#wrong()],
    ];
  }

  connected(): void {}

  createReader(): MemcacheReplyReader {
    return new MemcacheReplyReader();
  }

  forgetKeys(): void {
    this.#keys.forget();
  }

  next(): Request {
    const pending = this.#pending.shift();
    if (pending !== undefined) return pending;
    let ticket = this.#random.below(this.#makers.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of this.#makers) {
      ticket -= weight;
      if (ticket < 0) return make();
    }
    throw new Error("No maker of requests was chosen");
  }

  farewell(): Request {
    return this.#issue("quit\r\n", { isQuiet: true, judge: () => false });
  }

  #make<Key extends { name: string }>(key: Key, content: string): MadeKey<Key> {
    const made: MadeKey<Key> = { key, isMade: false, isSpoilt: false };
    this.#pending.push(this.#line(
      `add ${key.name} 0 ${EXPIRY_SECONDS} ${content.length}\r\n${content}\r\n`,
      (line) => {
        made.isMade = line === "STORED";
        return made.isMade;
      },
    ));
    return made;
  }

  /** What may be said of a key that may not have been made. */
  #isAbsent(made: MadeKey<{ isWeak: boolean }>): boolean {
    if (made.isMade && !made.key.isWeak) return false;
    made.isSpoilt = true;
    return true;
  }

  #isQuiet(): boolean {
    return this.#random.chance(QUIET_SHARE);
  }

  #set(): Request {
    const key = this.#keys.registers.pick();
    const { number, bytes: block } = this.#keys.newValue(key);
    const isQuiet = this.#isQuiet();
    const words = ["set", key.name, flagsOf(number), EXPIRY_SECONDS, block.length];
    const head = `${words.join(" ")}${noreply(isQuiet)}`;
    return this.#issue(head, {
      block,
      isQuiet,
      keys: [key],
      judge: (reply) => {
        if (reply.line !== "STORED") return false;
        key.wrote(number);
        return true;
      },
      unanswered: () => key.mayHaveWritten(number),
      passed: () => key.wrote(number),
    });
  }

  #get(): Request {
    const { registers, registerCount } = this.#keys;
    const keys = registers.some(this.#random.chance(0.5) ? 1 : registerCount);
    const name = this.#random.pick(["get", "gets", "get", "gets", "gat", "gats"]);
    const expiry = name.startsWith("gat") ? `${EXPIRY_SECONDS} ` : "";
    return this.#issue(`${name} ${expiry}${keys.map((key) => key.name).join(" ")}\r\n`, {
      keys,
      judge: ({ items, line }) =>
        items !== null && line === "END" && this.#areValuesOf(keys, items, name.endsWith("s")),
    });
  }

  /** Values come in the order of the keys; a key that is left out is absent. */
  #areValuesOf(
    keys: readonly RegisterKey[],
    items: readonly MemcacheItem[],
    hasUniques: boolean,
  ): boolean {
    let index = 0;
    for (const key of keys) {
      const item = items[index];
      if (item === undefined || item.key !== key.name) {
        if (!key.canBe(ABSENT)) return false;
        continue;
      }
      index += 1;
      const tag = readValue(item.bytes);
      if (tag === null || tag.client !== this.#identity.client || tag.key !== key.id) return false;
      if (item.flags !== String(flagsOf(tag.number)) || !key.canBe(tag.number)) return false;
      if ((item.unique !== "") !== hasUniques) return false;
      if (hasUniques) this.#uniques.set(key, { unique: item.unique, number: tag.number });
    }
    return index === items.length;
  }

  #compareAndSwap(): Request {
    const key = this.#keys.registers.pick();
    const known = this.#uniques.get(key);
    if (known === undefined) return this.#get();
    const { number, bytes: block } = this.#keys.newValue(key);
    const words = ["cas", key.name, flagsOf(number), EXPIRY_SECONDS, block.length, known.unique];
    const head = `${words.join(" ")}\r\n`;
    return this.#issue(head, {
      block,
      keys: [key],
      judge: ({ line }) => {
        if (line === "EXISTS") return !key.isCertainly(known.number);
        if (line === "NOT_FOUND") return key.canBe(ABSENT);
        if (line !== "STORED" || !key.canBe(known.number)) return false;
        key.wrote(number);
        return true;
      },
      unanswered: () => key.mayHaveWritten(number),
    });
  }

  #delete(): Request {
    const key = this.#keys.registers.pick();
    const isQuiet = this.#isQuiet();
    return this.#issue(`delete ${key.name}${noreply(isQuiet)}`, {
      isQuiet,
      keys: [key],
      judge: ({ line }) => {
        const isPossible = line === "DELETED"
          ? key.mayExist
          : line === "NOT_FOUND" && key.mayBeAbsent;
        if (isPossible) key.wrote(ABSENT);
        return isPossible;
      },
      unanswered: () => key.mayHaveWritten(ABSENT),
      passed: () => key.wrote(ABSENT),
    });
  }

  #touch(): Request {
    const key = this.#keys.registers.pick();
    const isQuiet = this.#isQuiet();
    return this.#issue(`touch ${key.name} ${EXPIRY_SECONDS}${noreply(isQuiet)}`, {
      isQuiet,
      keys: [key],
      judge: ({ line }) =>
        line === "TOUCHED" ? key.mayExist : line === "NOT_FOUND" && key.mayBeAbsent,
    });
  }

  #increment(): Request {
    const made = this.#keys.counters.pick();
    const { key } = made;
    const isQuiet = this.#isQuiet();
    return this.#issue(`incr ${key.name} 1${noreply(isQuiet)}`, {
      isQuiet,
      about: key,
      judge: ({ line }) =>
        /^\d+$/.test(line)
          ? key.incremented(Number(line))
          : line === "NOT_FOUND" && this.#isAbsent(made),
      unanswered: () => key.mayHaveIncremented(),
    });
  }

  #readCounter(): Request {
    const made = this.#keys.counters.pick();
    return this.#readMade(made, (text) => made.key.canBe(Number(text)));
  }

  #append(): Request {
    const made = this.#keys.appends.pick();
    const { key } = made;
    const number = key.next();
    const token = key.token(number);
    const isQuiet = this.#isQuiet();
    return this.#issue(`append ${key.name} 0 0 ${token.length}${noreply(isQuiet)}`, {
      block: encoder.encode(token),
      isQuiet,
      about: key,
      judge: ({ line }) => {
        if (line === "NOT_STORED") return this.#isAbsent(made);
        if (line === "STORED") key.appended(number);
        return line === "STORED";
      },
      unanswered: () => key.mayHaveAppended(number),
    });
  }

  #readAppended(): Request {
    const made = this.#keys.appends.pick();
    return this.#readMade(made, (text) => made.key.canBe(text));
  }

  #readMade<Key extends { name: string; isWeak: boolean }>(
    made: MadeKey<Key>,
    canBe: (text: string) => boolean,
  ): Request {
    return this.#issue(`get ${made.key.name}\r\n`, {
      about: made.key,
      judge: ({ items, line }) => {
        if (items === null || line !== "END" || items.length > 1) return false;
        if (items.length === 0) return this.#isAbsent(made);
        return items[0]!.key === made.key.name && canBe(decoder.decode(items[0]!.bytes));
      },
    });
  }

  /** Requests that the proxy refuses; the connection lives on. */
  #wrong(): Request {
    const [request, reply] = this.#random.pick(
      [
        ["nosuch a b\r\n", "ERROR"],
        ["get\r\n", "ERROR"],
        ["set a 0 0 x\r\n", "CLIENT_ERROR bad command line format"],
        ["incr a x\r\n", "CLIENT_ERROR invalid numeric delta argument"],
        ["set a 0 0 3\r\nabcXY", "CLIENT_ERROR bad data chunk"],
      ] as const,
    );
    return this.#line(request, (line) => line === reply);
  }

  #line(request: string, judge: (line: string) => boolean): Request {
    return this.#issue(request, { judge: ({ items, line }) => items === null && judge(line) });
  }

  #isFault(line: string): boolean {
    this.#tally.failed(line);
    return !this.#expectations.isCalm && FAULT_ERRORS.some((pattern) => pattern.test(line));
  }

  #issue(head: string, options: {
    judge: (reply: MemcacheReply) => boolean;
    block?: Uint8Array;
    isQuiet?: boolean;
    unanswered?: () => void;
    passed?: () => void;
    about?: { toString(): string };
    keys?: readonly RegisterKey[];
  }): Request {
    const { judge, block, isQuiet = false, unanswered = () => {}, about, keys } = options;
    const describe = () => {
      const shown = block === undefined ? "" : ` ${shownBytes(block, 40)}`;
      return `client ${this.#identity.client}: ${head.trimEnd()}${shown}`;
    };
    return {
      bytes: withBlock(head, block),
      isQuiet,
      describe,
      unanswered,
      passed: this.#expectations.isCalm ? options.passed ?? unanswered : unanswered,
      replied: (reply) => {
        const known = about?.toString();
        if (judge(reply)) return this.#tally.succeeded();
        if (/^(SERVER_)?ERROR/.test(reply.line) && this.#isFault(reply.line)) return unanswered();
        throw new Violation(
          `${describe()}${known ? ` (before: ${known})` : ""}: impossible reply ${show(reply)}` +
            shownKeys(keys),
        );
      },
    };
  }
}

function flagsOf(number: number): number {
  return (number * 7) % 65_536;
}

function noreply(isQuiet: boolean): string {
  return isQuiet ? " noreply\r\n" : "\r\n";
}

function withBlock(head: string, block: Uint8Array | undefined): Uint8Array {
  const line = encoder.encode(head);
  if (block === undefined) return line;
  const bytes = new Uint8Array(line.length + block.length + 2);
  bytes.set(line);
  bytes.set(block, line.length);
  bytes.set([0x0d, 0x0a], line.length + block.length);
  return bytes;
}

function show({ items, line }: MemcacheReply): string {
  const values = (items ?? []).map((item) =>
    `${item.key} ${item.flags} ${item.unique} "${shownBytes(item.bytes)}"`
  );
  return [...values, line].join(" | ");
}
