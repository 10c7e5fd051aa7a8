/**
 * Random Redis requests of one client, and what their replies may be.
 *
 * @module
 */
import { encodeCommand } from "../support/clients/resp_client.ts";
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
import { RespReplyReader } from "./reply_reader.ts";
import type { RespReply } from "./reply_reader.ts";
import { readValue } from "./tagged_value.ts";
import { shownBytes, Violation } from "./violation.ts";

/**
 * Errors that the faults of a run explain; any other means that a request was changed on its way.
 */
const FAULT_ERRORS = [
  /^ERR backend \S+: (connection refused|connecting timed out|connecting failed|no reply in time)$/,
  /^ERR backend \S+: (connection silent for twice the read timeout|connection closed)$/,
  /^ERR backend \S+: (connection lost|took no bytes in time|send queue is full)$/,
  /^ERR backend \S+: (connection handshake refused|ejected after failed pings)$/,
  /^ERR (too many redirections|backend \S+: removed from the cluster)$/,
  /^ERR no backend is available$/,
  /^ERR no node has answered CLUSTER SLOTS yet$/,
  /^(LOADING|CLUSTERDOWN|MASTERDOWN) /,
];
const MOVING_ERROR = /^TRYAGAIN /;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Judge = (reply: RespReply) => boolean;
type Word = string | Uint8Array;

/** Redis as one client speaks it. */
export class RedisDialect implements Dialect<RespReply> {
  readonly #random: Random;
  readonly #identity: ModelIdentity;
  readonly #expectations: Expectations;
  readonly #tally: ReplyTally;
  readonly #keys: OwnKeys<Kept<CounterKey>, Kept<AppendKey>>;
  #echoCount = 0;
  readonly #makers: readonly [weight: number, make: () => IssuedRequest<RespReply>][];

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
    const keep = <Key>(key: Key) => ({ key, isSpoilt: false });
    this.#keys = new OwnKeys(random, identity, expectations, keep, keep);
    this.#makers = [
      [20, () => this.#set()],
      [25, () => this.#get()],
      [8, () => this.#mget()],
      [6, () => this.#mset()],
      [4, () => this.#remove()],
      [4, () => this.#exists()],
      [4, () => this.#strlen()],
      [10, () => this.#increment()],
      [4, () => this.#readCounter()],
      [8, () => this.#append()],
      [4, () => this.#readAppended()],
      [4, () => this.#echo()],
      [1, () => this.#hello()],
      [1, () => this.#wrong()],
    ];
  }

  connected(): void {}

  createReader(): RespReplyReader {
    return new RespReplyReader();
  }

  forgetKeys(): void {
    this.#keys.forget();
  }

  next(): IssuedRequest<RespReply> {
    let ticket = this.#random.below(this.#makers.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of this.#makers) {
      ticket -= weight;
      if (ticket < 0) return make();
    }
    throw new Error("No maker of requests was chosen");
  }

  farewell(): IssuedRequest<RespReply> {
    return this.#issue(["QUIT"], (reply) => reply.type === "status" && reply.text === "OK");
  }

  #set(): IssuedRequest<RespReply> {
    const [key] = this.#pick(1);
    if (key === undefined) return this.#echo();
    const { number, bytes } = this.#keys.newValue(key);
    return this.#issueOn([key], ["SET", key.name, bytes], (reply) => {
      if (reply.type !== "status" || reply.text !== "OK") return false;
      key.wrote(number);
      return true;
    }, () => key.mayHaveWritten(number));
  }

  #get(): IssuedRequest<RespReply> {
    const [key] = this.#pick(1);
    if (key === undefined) return this.#echo();
    const words = [this.#random.pick(["GET", "get"]), key.name];
    return this.#issueOn([key], words, (reply) => this.#isValueOf(key, reply));
  }

  #mget(): IssuedRequest<RespReply> {
    const keys = this.#pick(this.#keys.registerCount);
    if (keys.length === 0) return this.#echo();
    return this.#issueOn(keys, ["MGET", ...keys.map((key) => key.name)], (reply) => {
      if (reply.type !== "array" || reply.elements.length !== keys.length) return false;
      return reply.elements.every((element, index) =>
        element.type === "error"
          ? this.#isFault(element.text)
          : this.#isValueOf(keys[index]!, element)
      );
    });
  }

  #mset(): IssuedRequest<RespReply> {
    const keys = this.#pick(6);
    if (keys.length === 0) return this.#echo();
    const writes = keys.map((key) => ({ key, ...this.#keys.newValue(key) }));
    const words = writes.flatMap(({ key, bytes }) => [key.name, bytes]);
    return this.#issueOn(keys, ["MSET", ...words], (reply) => {
      if (reply.type !== "status" || reply.text !== "OK") return false;
      for (const { key, number } of writes) key.wrote(number);
      return true;
    }, () => {
      for (const { key, number } of writes) key.mayHaveWritten(number);
    });
  }

  #remove(): IssuedRequest<RespReply> {
    const keys = this.#pick(4);
    if (keys.length === 0) return this.#echo();
    const words = [this.#random.pick(["DEL", "UNLINK"]), ...keys.map((key) => key.name)];
    return this.#issueOn(keys, words, (reply) => {
      if (!isPresenceCount(keys, reply)) return false;
      for (const key of keys) key.wrote(ABSENT);
      return true;
    }, () => {
      for (const key of keys) key.mayHaveWritten(ABSENT);
    });
  }

  #exists(): IssuedRequest<RespReply> {
    const keys = this.#pick(4);
    if (keys.length === 0) return this.#echo();
    const words = [this.#random.pick(["EXISTS", "TOUCH"]), ...keys.map((key) => key.name)];
    return this.#issueOn(keys, words, (reply) => isPresenceCount(keys, reply));
  }

  #strlen(): IssuedRequest<RespReply> {
    if (this.#random.chance(0.7)) {
      const [register] = this.#pick(1);
      if (register === undefined) return this.#echo();
      return this.#issueOn(
        [register],
        ["STRLEN", register.name],
        (reply) => reply.type === "integer" && register.canHaveLength(reply.value),
      );
    }
    const key = this.#keys.appends.pick().key;
    return this.#issue(
      ["STRLEN", key.name],
      (reply) => reply.type === "integer" && key.canHaveLength(reply.value),
    );
  }

  #increment(): IssuedRequest<RespReply> {
    const key = this.#keys.counters.pick().key;
    return this.#issue(
      ["INCR", key.name],
      (reply) => reply.type === "integer" && key.incremented(reply.value),
      () => key.mayHaveIncremented(),
      key,
    );
  }

  #readCounter(): IssuedRequest<RespReply> {
    const key = this.#keys.counters.pick().key;
    return this.#issue(
      ["GET", key.name],
      (reply) => {
        if (reply.type === "null") return key.canBe(0);
        return reply.type === "bulk" && key.canBe(Number(decoder.decode(reply.bytes)));
      },
      undefined,
      key,
    );
  }

  #append(): IssuedRequest<RespReply> {
    const key = this.#keys.appends.pick().key;
    const number = key.next();
    return this.#issue(
      ["APPEND", key.name, key.token(number)],
      (reply) => {
        if (reply.type !== "integer") return false;
        key.appended(number);
        return key.canHaveLength(reply.value);
      },
      () => key.mayHaveAppended(number),
      key,
    );
  }

  #readAppended(): IssuedRequest<RespReply> {
    const key = this.#keys.appends.pick().key;
    return this.#issue(
      ["GET", key.name],
      (reply) => {
        if (reply.type === "null") return key.canBe("");
        return reply.type === "bulk" && key.canBe(decoder.decode(reply.bytes));
      },
      undefined,
      key,
    );
  }

  /** Answered by the proxy itself, so that a reply out of step shows at once. */
  #echo(): IssuedRequest<RespReply> {
    this.#echoCount += 1;
    const text = `${this.#identity.client}.${this.#echoCount}`;
    return this.#issue(
      ["ECHO", text],
      (reply) => reply.type === "bulk" && decoder.decode(reply.bytes) === text,
    );
  }

  /** Barriers: they move the client to connections of another version of RESP. */
  #hello(): IssuedRequest<RespReply> {
    if (this.#random.chance(0.3)) {
      return this.#issue(["RESET"], (reply) => reply.type === "status" && reply.text === "RESET");
    }
    const isThree = this.#random.chance(0.5);
    const type = isThree ? "map" : "array";
    return this.#issue(["HELLO", isThree ? "3" : "2"], (reply) => reply.type === type);
  }

  /** Requests that the proxy refuses; the connection lives on. */
  #wrong(): IssuedRequest<RespReply> {
    const [words, text] = this.#random.pick(
      [
        [["NOSUCH", "a"], "ERR unknown command 'NOSUCH', with args beginning with: 'a' "],
        [["GET"], "ERR wrong number of arguments for 'get' command"],
        [["MSET", "a"], "ERR wrong number of arguments for 'mset' command"],
      ] as const,
    );
    return this.#issue(words, (reply) => reply.type === "error" && reply.text === text);
  }

  /**
   * Registers for one request. While slots move a request of several keys may be carried out behind others that were
   * sent after it (TRYAGAIN, one of the two exceptions in docs/architecture.md): so no other one is on its keys then.
   */
  #pick(most: number): RegisterKey[] {
    const { registers } = this.#keys;
    if (!this.#expectations.movesSlots) {
      return most === 1 ? [registers.pick()] : registers.some(most);
    }
    const isFree = ({ inFlight }: RegisterKey) =>
      (most === 1 ? inFlight.split : inFlight.all) === 0;
    return registers.someFree(most, isFree);
  }

  /** As {@link #issue}, and counts the request at its keys until it is answered, or never will be. */
  #issueOn(
    keys: readonly RegisterKey[],
    words: readonly Word[],
    judge: Judge,
    unanswered: () => void = () => {},
  ): IssuedRequest<RespReply> {
    const isSplit = keys.length > 1 ? 1 : 0;
    const count = (change: number) => {
      for (const { inFlight } of keys) {
        inFlight.all += change;
        inFlight.split += change * isSplit;
      }
    };
    let isOpen = true;
    const settle = () => {
      if (isOpen) count(-1);
      isOpen = false;
    };
    count(1);
    const request = this.#issue(words, judge, unanswered, undefined, keys);
    return {
      ...request,
      replied(reply) {
        settle();
        request.replied(reply);
      },
      unanswered() {
        settle();
        request.unanswered();
      },
      passed() {
        settle();
        request.passed();
      },
    };
  }

  #isValueOf(key: RegisterKey, reply: RespReply): boolean {
    if (reply.type === "null") return key.canBe(ABSENT);
    if (reply.type !== "bulk") return false;
    const tag = readValue(reply.bytes);
    return tag !== null && tag.client === this.#identity.client && tag.key === key.id &&
      key.canBe(tag.number);
  }

  #isFault(text: string): boolean {
    this.#tally.failed(text);
    const { isCalm, movesSlots } = this.#expectations;
    if (movesSlots && MOVING_ERROR.test(text)) return true;
    return !isCalm && FAULT_ERRORS.some((pattern) => pattern.test(text));
  }

  #issue(
    words: readonly Word[],
    judge: Judge,
    unanswered: () => void = () => {},
    about?: { toString(): string },
    keys?: readonly RegisterKey[],
  ): IssuedRequest<RespReply> {
    const describe = () => {
      const shown = words.map((word) => typeof word === "string" ? word : shownBytes(word, 40));
      return `client ${this.#identity.client}: ${shown.join(" ")}${about ? ` (${about})` : ""}`;
    };
    return {
      bytes: this.#encode(words),
      isQuiet: false,
      describe,
      unanswered,
      passed: unanswered,
      replied: (reply) => {
        const known = about?.toString();
        if (judge(reply)) return this.#tally.succeeded();
        if (reply.type === "error" && this.#isFault(reply.text)) return unanswered();
        throw new Violation(
          `${describe()}${known ? ` (before: ${known})` : ""}: impossible reply ${show(reply)}` +
            shownKeys(keys),
        );
      },
    };
  }

  /** Mostly arrays; some requests of plain words go inline. */
  #encode(words: readonly Word[]): Uint8Array {
    const isPlain = words.every((word) => typeof word === "string");
    if (!isPlain || !this.#random.chance(0.05)) return encodeCommand(words as Word[]);
    const quoted = words.map((word) => this.#random.chance(0.3) ? `"${word}"` : word);
    return encoder.encode(`${quoted.join(" ")}${this.#random.pick(["\r\n", "\n"])}`);
  }
}

function isPresenceCount(keys: readonly RegisterKey[], reply: RespReply): boolean {
  const most = keys.filter((key) => key.mayExist).length;
  const least = keys.filter((key) => !key.mayBeAbsent).length;
  return reply.type === "integer" && reply.value >= least && reply.value <= most;
}

function show(reply: RespReply): string {
  switch (reply.type) {
    case "bulk":
      return `"${shownBytes(reply.bytes)}"`;
    case "integer":
      return `:${reply.value}`;
    case "null":
      return "null";
    case "array":
    case "map":
      return `${reply.type} [${reply.elements.map(show).join(", ")}]`;
    default:
      return `${reply.type} ${reply.text}`;
  }
}
