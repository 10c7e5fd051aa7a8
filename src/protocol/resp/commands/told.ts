/**
 * Reads what servers say to COMMAND, COMMAND INFO and COMMAND LIST.
 *
 * @module
 */
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { Type } from "../type.ts";
import type { KeyRange, KeySpecification, KeyStart } from "./key_specifications.ts";
import type { ToldCommand } from "./learned.ts";

/** Values in one reply that are read; with more it is none. */
const VALUES_MAX = 262_144;
/** Arrays in each other that are read. */
const DEPTH_MAX = 12;

const LINE_END_BYTES = 2;
const LINE_FEED = 0x0a;
const MINUS = 0x2d;
const decoder = new TextDecoder();

/** Texts and numbers as they are, arrays of them, and null. */
type Value = string | number | null | readonly Value[];

/**
 * The names in the reply to COMMAND LIST, without those of subcommands.
 *
 * @returns Null where it is something else.
 */
export function readNames(bytes: Uint8Array, start: number, end: number): string[] | null {
  const value = readValue(bytes, start, end);
  if (!Array.isArray(value)) return null;
  return value.filter((name) => typeof name === "string" && !name.includes("|"))
    .map((name) => (name as string).toLowerCase());
}

/**
 * The commands in the reply to COMMAND or COMMAND INFO; those that cannot be read are left out.
 *
 * @returns Null where it is something else.
 */
export function readTold(bytes: Uint8Array, start: number, end: number): ToldCommand[] | null {
  const value = readValue(bytes, start, end);
  if (!Array.isArray(value)) return null;
  return value.map(toldOf).filter((told) => told !== null);
}

function toldOf(value: Value): ToldCommand | null {
  if (!Array.isArray(value) || value.length < 6) return null;
  const [name, arity, flags, firstKey, lastKey, keyStep, categories, tips, keys, subcommands] =
    value as Value[];
  if (typeof name !== "string" || typeof arity !== "number" || !Number.isInteger(arity)) {
    return null;
  }
  const flagWords = textsOf(flags);
  const isTold = Array.isArray(keys);
  const specifications = isTold
    ? keys.map(specificationOf)
    : columnsAsKeys(firstKey, lastKey, keyStep, flagWords);
  const placed = specifications.filter((one) =>
    one !== null && one.start !== null && one.range !== null
  ) as KeySpecification[];
  return {
    name: name.toLowerCase(),
    arity,
    flags: flagWords,
    categories: textsOf(categories),
    tips: textsOf(tips),
    keys: placed,
    areKeysComplete: isTold && placed.length === specifications.length &&
      placed.every(isComplete),
    subcommands: Array.isArray(subcommands)
      ? subcommands.map(toldOf).filter((one) => one !== null)
      : [],
  };
}

/** Whether a specification tells all keys of its kind, and that they are keys. */
function isComplete({ flags }: KeySpecification): boolean {
  return !flags.includes("incomplete") && !flags.includes("not_key");
}

/** What servers before 7.0 say of keys. */
function columnsAsKeys(
  first: Value | undefined,
  last: Value | undefined,
  step: Value | undefined,
  flags: readonly string[],
): (KeySpecification | null)[] {
  if (flags.includes("movablekeys")) return [null];
  const isPlace = typeof first === "number" && typeof last === "number" &&
    typeof step === "number";
  if (!isPlace || first < 1) return [];
  if (step < 1 || (last > 0 && last < first)) return [null];
  const range = { last: last < 0 ? last : last - first, step, limit: 0 };
  const use = flags.includes("readonly") ? ["RO", "access"] : ["RW", "access", "update"];
  return [{ flags: use, start: { index: first }, range }];
}

/** One specification; null where it has parts that are not known. */
function specificationOf(value: Value): KeySpecification | null {
  const fields = fieldsOf(value);
  const flags = textsOf(fields.get("flags") ?? null);
  const start = startOf(fieldsOf(fields.get("begin_search") ?? null));
  const range = rangeOf(fieldsOf(fields.get("find_keys") ?? null));
  return start === undefined || range === undefined ? null : { flags, start, range };
}

function startOf(part: ReadonlyMap<string, Value>): KeyStart | undefined {
  const spec = fieldsOf(part.get("spec") ?? null);
  if (part.get("type") === "index") {
    const index = spec.get("index");
    return typeof index === "number" && index > 0 ? { index } : undefined;
  }
  if (part.get("type") !== "keyword") return part.get("type") === "unknown" ? null : undefined;
  const keyword = spec.get("keyword");
  const startFrom = spec.get("startfrom");
  const isKeyword = typeof keyword === "string" && keyword !== "" &&
    typeof startFrom === "number" &&
    startFrom !== 0;
  return isKeyword ? { keyword, startFrom } : undefined;
}

function rangeOf(part: ReadonlyMap<string, Value>): KeyRange | undefined {
  const spec = fieldsOf(part.get("spec") ?? null);
  const step = spec.get("keystep");
  if (part.get("type") === "unknown") return null;
  if (typeof step !== "number" || step < 1) return undefined;
  if (part.get("type") === "range") {
    const last = spec.get("lastkey");
    const limit = spec.get("limit");
    if (typeof last !== "number" || typeof limit !== "number" || limit < 0) return undefined;
    return { last, step, limit };
  }
  const isCounted = part.get("type") === "keynum" && spec.get("keynumidx") === 0 &&
    spec.get("firstkey") === 1;
  return isCounted ? { countedStep: step } : undefined;
}

/** A map as RESP2 has it: names, each with its value behind it. */
function fieldsOf(value: Value): Map<string, Value> {
  const fields = new Map<string, Value>();
  if (!Array.isArray(value)) return fields;
  for (let index = 0; index + 1 < value.length; index += 2) {
    const name = value[index];
    if (typeof name === "string") fields.set(name, value[index + 1]!);
  }
  return fields;
}

function textsOf(value: Value | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((text) => typeof text === "string").map((text) => text.toLowerCase());
}

/** The value of a whole reply of RESP2; undefined where it cannot be read. */
function readValue(bytes: Uint8Array, start: number, end: number): Value | undefined {
  return new ValueReader(bytes, start, end).read(0);
}

class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;
  #values = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  read(depth: number): Value | undefined {
    this.#values += 1;
    const type = this.#bytes[this.#position];
    const lineStart = this.#position + 1;
    const lineFeed = this.#bytes.indexOf(LINE_FEED, lineStart);
    if (this.#values > VALUES_MAX || depth > DEPTH_MAX) return undefined;
    if (lineFeed < 0 || lineFeed >= this.#end) return undefined;
    const lineEnd = lineFeed - 1;
    this.#position = lineFeed + 1;
    if (type === Type.Status) return decoder.decode(this.#bytes.subarray(lineStart, lineEnd));
    const number = readDecimal(this.#bytes, lineStart, lineEnd);
    if (number === NOT_A_NUMBER) return undefined;
    if (type === Type.Integer) return number;
    if (this.#bytes[lineStart] === MINUS) return null;
    if (type === Type.Bulk) return this.#readBody(number);
    return type === Type.Array ? this.#readElements(number, depth) : undefined;
  }

  #readBody(length: number): string | undefined {
    const start = this.#position;
    if (start + length + LINE_END_BYTES > this.#end) return undefined;
    this.#position = start + length + LINE_END_BYTES;
    return decoder.decode(this.#bytes.subarray(start, start + length));
  }

  #readElements(count: number, depth: number): Value | undefined {
    const elements: Value[] = [];
    for (let element = 0; element < count; element++) {
      const value = this.read(depth + 1);
      if (value === undefined) return undefined;
      elements.push(value);
    }
    return elements;
  }
}
