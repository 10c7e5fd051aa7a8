/**
 * What one client knows of its own keys. Nobody else writes them, so a reply is either possible or
 * wrong.
 *
 * A write without a good reply may have happened, may happen later (its bytes lie in a buffer on a
 * connection that was given up), or never. So each model keeps what is certain apart from what is
 * not, and a key with too much uncertainty is given up for a new one.
 *
 * @module
 */

/** Writes of unknown fate after which a key is given up. */
const UNCERTAIN_MAX = 6;
/** Tokens after which an append key is given up, so that values stay short. */
const TOKENS_MAX = 40;

/** Stands for "no value". */
export const ABSENT = 0;

/**
 * What all keys have in common that were made while the servers kept their data: when a server loses it, each of them
 * is weak, also one that was given up and still has requests under way.
 */
export class KeyEra {
  /**
   * A server may have lost its data, or keys may have moved: only whose the values are is checked.
   */
  isWeak: boolean;

  constructor(isWeak = false) {
    this.isWeak = isWeak;
  }
}

/** A key whose value is replaced as a whole. Values are known by their numbers, from 1. */
export class RegisterKey {
  /** Requests on it that are not answered, and those of them that have other keys as well. */
  readonly inFlight = { all: 0, split: 0 };
  readonly name: string;
  readonly id: number;
  readonly #era: KeyEra;
  #newest = 0;
  /** What the value can be if no write of unknown fate comes late. */
  #possible = new Set<number>([ABSENT]);
  /** Writes of unknown fate. */
  readonly #late = new Set<number>();
  #uncertainCount = 0;
  readonly #lengths = new Map<number, number>();

  constructor(name: string, id: number, era: KeyEra = new KeyEra()) {
    this.name = name;
    this.id = id;
    this.#era = era;
  }

  get isWeak(): boolean {
    return this.#era.isWeak;
  }

  get isWorn(): boolean {
    return this.isWeak || this.#uncertainCount >= UNCERTAIN_MAX;
  }

  /** Number for the next write, of a value of `byteCount` bytes. */
  next(byteCount: number): number {
    this.#newest += 1;
    this.#lengths.set(this.#newest, byteCount);
    return this.#newest;
  }

  /** A write (or with {@link ABSENT} a delete) was confirmed. */
  wrote(number: number): void {
    for (const known of this.#possible) {
      if (known !== number && !this.#late.has(known)) this.#lengths.delete(known);
    }
    this.#possible = new Set([number]);
  }

  /** A write was not confirmed. */
  mayHaveWritten(number: number): void {
    this.#possible.add(number);
    this.#late.add(number);
    this.#uncertainCount += 1;
  }

  /** Whether a read may have found `number`. If so, that is what is certain now. */
  canBe(number: number): boolean {
    if (this.isWeak) return number <= this.#newest;
    if (!this.#possible.has(number) && !this.#late.has(number)) return false;
    this.wrote(number);
    // A delete has no number of its own: another late one can still come.
    if (number !== ABSENT) this.#late.delete(number);
    return true;
  }

  /** Whether the value can have this length, 0 for none. */
  canHaveLength(byteCount: number): boolean {
    if (this.isWeak) return true;
    for (const number of [...this.#possible, ...this.#late]) {
      if ((number === ABSENT ? 0 : this.#lengths.get(number)) === byteCount) return true;
    }
    return false;
  }

  /** Whether nothing but `number` is possible. */
  isCertainly(number: number): boolean {
    return !this.isWeak && this.#late.size === 0 && this.#possible.size === 1 &&
      this.#possible.has(number);
  }

  get mayExist(): boolean {
    if (this.isWeak) return true;
    return [...this.#possible, ...this.#late].some((number) => number !== ABSENT);
  }

  get mayBeAbsent(): boolean {
    return this.isWeak || this.#possible.has(ABSENT) || this.#late.has(ABSENT);
  }

  /** For messages. */
  toString(): string {
    const shown = (numbers: Iterable<number>) => [...numbers].join(" ") || "none";
    return `${this.name}: ${this.isWeak ? "weak, " : ""}possible ${shown(this.#possible)}, ` +
      `late ${shown(this.#late)}, newest ${this.#newest}${this.isWorn ? ", worn" : ""}`;
  }
}

/** A key that is only incremented by one: no request may ever count twice. */
export class CounterKey {
  readonly name: string;
  readonly #era: KeyEra;
  #confirmed = 0;
  #uncertain = 0;
  #lastSeen = 0;

  constructor(name: string, era: KeyEra = new KeyEra()) {
    this.name = name;
    this.#era = era;
  }

  get isWeak(): boolean {
    return this.#era.isWeak;
  }

  get isWorn(): boolean {
    return this.isWeak || this.#uncertain >= 4 * UNCERTAIN_MAX;
  }

  /** An increment was answered with `value`; false if that cannot be. */
  incremented(value: number): boolean {
    this.#confirmed += 1;
    return this.#sees(value, this.#lastSeen + 1);
  }

  /** An increment was not answered. */
  mayHaveIncremented(): void {
    this.#uncertain += 1;
  }

  /** Whether a read may have found `value`. */
  canBe(value: number): boolean {
    return this.#sees(value, this.#lastSeen);
  }

  /** For messages. */
  toString(): string {
    return `${this.#confirmed} confirmed and ${this.#uncertain} uncertain increments, ` +
      `last seen ${this.#lastSeen}`;
  }

  #sees(value: number, least: number): boolean {
    if (this.isWeak) return Number.isInteger(value) && value >= 0;
    if (value < Math.max(this.#confirmed, least) || value > this.#confirmed + this.#uncertain) {
      return false;
    }
    this.#lastSeen = value;
    return true;
  }
}

/** A key that is only appended to, by tokens `<client>.<key>.<number>;`. */
export class AppendKey {
  readonly name: string;
  readonly #era: KeyEra;
  readonly #prefix: string;
  #newest = 0;
  readonly #confirmed: number[] = [];
  readonly #uncertain = new Set<number>();
  #confirmedBytes = 0;
  #uncertainBytes = 0;

  constructor(name: string, client: number, id: number, era: KeyEra = new KeyEra()) {
    this.name = name;
    this.#era = era;
    this.#prefix = `${client}.${id}.`;
  }

  get isWeak(): boolean {
    return this.#era.isWeak;
  }

  get isWorn(): boolean {
    return this.isWeak || this.#newest >= TOKENS_MAX || this.#uncertain.size >= UNCERTAIN_MAX;
  }

  /** Number of the next token. */
  next(): number {
    this.#newest += 1;
    return this.#newest;
  }

  token(number: number): string {
    return `${this.#prefix}${number};`;
  }

  appended(number: number): void {
    this.#confirmed.push(number);
    this.#confirmedBytes += this.token(number).length;
  }

  mayHaveAppended(number: number): void {
    this.#uncertain.add(number);
    this.#uncertainBytes += this.token(number).length;
  }

  canHaveLength(byteCount: number): boolean {
    if (this.isWeak) return true;
    return byteCount >= this.#confirmedBytes &&
      byteCount <= this.#confirmedBytes + this.#uncertainBytes;
  }

  /**
   * Whether a read may have found `text`: tokens of this key only, each once, the confirmed ones
   * all there and in order.
   */
  canBe(text: string): boolean {
    const numbers = this.#readTokens(text);
    if (numbers === null) return false;
    if (this.isWeak) return numbers.every((number) => number <= this.#newest);
    if (new Set(numbers).size !== numbers.length) return false;
    const confirmed = numbers.filter((number) => !this.#uncertain.has(number));
    return confirmed.length === this.#confirmed.length &&
      confirmed.every((number, index) => number === this.#confirmed[index]);
  }

  /** For messages. */
  toString(): string {
    return `confirmed ${this.#confirmed.join(" ")}, uncertain ${[...this.#uncertain].join(" ")}`;
  }

  #readTokens(text: string): number[] | null {
    if (text === "") return [];
    if (!text.endsWith(";")) return null;
    const numbers: number[] = [];
    for (const token of text.slice(0, -1).split(";")) {
      if (!token.startsWith(this.#prefix)) return null;
      const number = Number(token.slice(this.#prefix.length));
      if (!Number.isInteger(number) || number < 1) return null;
      numbers.push(number);
    }
    return numbers;
  }
}

/** For messages: what is known of the keys of a request. */
export function shownKeys(keys: readonly RegisterKey[] | undefined): string {
  return keys === undefined ? "" : `; ${keys.join("; ")}`;
}
