/**
 * Requests of random words in the shapes of `shapes.ts`. Keys come from a pool of some fifty, so that commands meet
 * data; now and then a key is of another type than its command wants.
 *
 * @module
 */
import type { Random } from "../support/tools/seed.ts";
import type { Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";

/** A request and its shape. */
export interface Generated {
  readonly words: readonly string[];
  readonly shape: Shape;
}

/** Keys of each type. */
const KEYS_PER_TYPE: Readonly<Record<string, number>> = {
  s: 8,
  n: 4,
  h: 6,
  l: 6,
  e: 6,
  z: 6,
  x: 4,
  g: 3,
  p: 3,
  b: 4,
};
const TYPES = Object.keys(KEYS_PER_TYPE);
const WRONG_TYPE_CHANCE = 0.03;
/** Seconds of the year 2100: what expires then does not expire in the test. */
const FAR_SECONDS = 4_102_444_800;

/** See above. */
export class Generator {
  readonly #random: Random;
  /** Whether keys of one command need not have a common hash tag. */
  readonly #isSpread: boolean;
  #streamId = 1;

  /** @param isSpread Single keys, and those of commands that are split, are anywhere. */
  constructor(random: Random, isSpread: boolean) {
    this.#random = random;
    this.#isSpread = isSpread;
  }

  next(): Generated {
    let shape = this.#random.pick(SHAPES);
    // Rarely, or commands would seldom meet data.
    while (shape.text.startsWith("FLUSH") && this.#random.chance(0.8)) {
      shape = this.#random.pick(SHAPES);
    }
    return { words: this.expand(shape), shape };
  }

  /** One request of a shape. */
  expand(shape: Shape): string[] {
    const keyCount = [...shape.text.matchAll(/\$/g)].length + (shape.text.includes("(") ? 1 : 0);
    const isSplit = /^(MGET|MSET|DEL|UNLINK|EXISTS|TOUCH) /.test(shape.text);
    // WATCH keeps its client to one server.
    const isSingle = keyCount <= 1 && !shape.text.startsWith("WATCH");
    const isTagged = !(this.#isSpread && (isSingle || isSplit));
    return this.#sequence(shape.text, isTagged);
  }

  #sequence(text: string, isTagged: boolean): string[] {
    const words: string[] = [];
    for (const part of partsOf(text)) {
      if (isGroup(part, "[", "]")) {
        if (this.#random.chance(0.5)) words.push(...this.#option(part.slice(1, -1), isTagged));
      } else if (isGroup(part, "<", ">")) {
        words.push(...this.#option(part.slice(1, -1), isTagged));
      } else if (part.startsWith("(") && part.endsWith(")+")) {
        const times = this.#random.between(1, 3);
        for (let count = 0; count < times; count++) {
          words.push(...this.#sequence(part.slice(1, -2), isTagged));
        }
      } else words.push(this.#word(part, isTagged));
    }
    return words;
  }

  #option(text: string, isTagged: boolean): string[] {
    return this.#sequence(this.#random.pick(text.split("|")), isTagged);
  }

  #word(part: string, isTagged: boolean): string {
    if (part === "$missing") return this.#key("missing", 1, isTagged);
    if (part.startsWith("$") && part.length === 2) return this.#typedKey(part[1]!, isTagged);
    return part.startsWith("%") ? this.#value(part.slice(1)) : part;
  }

  #typedKey(wanted: string, isTagged: boolean): string {
    const isAny = wanted === "k" || this.#random.chance(WRONG_TYPE_CHANCE);
    const type = isAny ? this.#random.pick(TYPES) : wanted;
    return this.#key(type, KEYS_PER_TYPE[type]!, isTagged);
  }

  /** Tagged keys are on one server together; others anywhere. Both are in the pool. */
  #key(type: string, count: number, isTagged: boolean): string {
    const number = this.#random.below(count);
    const isUntagged = !isTagged && this.#random.chance(0.5);
    return isUntagged ? `${type}${number}` : `{d}${type}${number}`;
  }

  #value(kind: string): string {
    const random = this.#random;
    switch (kind) {
      case "v":
        return random.pick([
          "",
          "a",
          "text",
          "x".repeat(random.below(80)),
          "10",
          "\r\n\0\xff",
          "3.5",
        ]);
      case "i":
        return String(random.between(-5, 30));
      case "c":
        return String(random.between(1, 4));
      case "o":
        return String(random.below(40));
      case "f":
        return random.pick(["0", "1", "-2.5", "3.25", "7", "1e2", "0.1"]);
      case "t":
        return String(random.between(10_000, 20_000));
      case "m":
        return String(random.between(10_000_000, 20_000_000));
      case "a":
        return String(FAR_SECONDS + random.below(100));
      case "am":
        return String((FAR_SECONDS + random.below(100)) * 1000);
      case "F":
        return `f${random.below(8)}`;
      case "N":
        return `n${random.below(3)}`;
      case "e":
        return `m${random.below(12)}`;
      case "n":
        return random.pick(["me", "you", ""]);
      case "lon":
        return random.pick(["13.361389", "15.087269", "14.5"]);
      case "lat":
        return random.pick(["38.115556", "37.502669", "37.1"]);
      case "I":
        this.#streamId += random.below(3);
        return `${this.#streamId}-${random.between(1, 3)}`;
      default:
        throw new Error(`No value of kind "${kind}"`);
    }
  }
}

/** Words and groups; a group may hold spaces. Parentheses and brackets within a word are part of it. */
function partsOf(text: string): string[] {
  const pattern = /\([^()]*\)\+|\[[A-Z0-9$%#-][^\]]*\](?= |$)|<[^<>]*>|\S+/g;
  return text.match(pattern) ?? [];
}

function isGroup(part: string, open: string, close: string): boolean {
  return part.startsWith(open) && part.endsWith(close) && part.length > 2;
}
