/**
 * Patterns of the keys, or channels, that a user may use. Most are a beginning with a star behind it, and are compared
 * byte by byte; the others are Redis's globs.
 *
 * @module
 */
import { globMatches } from "../pubsub/glob.ts";

/** What a key is used for, as bits. */
export const KeyUse = { Read: 1, Write: 2, Both: 3 } as const;

/** What matches one pattern. */
interface Pattern {
  /** One character a byte. */
  readonly text: string;
  /** Bits of {@link KeyUse} that it allows. */
  readonly uses: number;
  /** The bytes in front of its star, or all of them. */
  readonly prefix: Uint8Array;
  readonly kind: "prefix" | "literal" | "glob";
}

const encoder = new TextEncoder();
const SPECIAL = /[*?[\]\\]/;

/** Patterns of one user. */
export class KeyPatterns {
  /** Whether every pattern allows whatever it matches to be read and written. */
  readonly areWhole: boolean;
  readonly #patterns: readonly Pattern[];

  /** @param texts As the configuration has them. */
  constructor(texts: readonly string[]) {
    this.#patterns = texts.map(readPattern);
    this.areWhole = this.#patterns.every(({ uses }) => uses === KeyUse.Both);
  }

  /** Whether all keys may be read and written. */
  get allowAll(): boolean {
    return this.#patterns.some(({ text, uses }) => text === "*" && uses === KeyUse.Both);
  }

  /** Whether `bytes[start, end)` may be used so. `uses` are bits of {@link KeyUse}; with none any pattern will do. */
  allow(bytes: Uint8Array, start: number, end: number, uses: number): boolean {
    const patterns = this.#patterns;
    for (let index = 0; index < patterns.length; index++) {
      const pattern = patterns[index]!;
      if ((pattern.uses & uses) === uses && matches(pattern, bytes, start, end)) return true;
    }
    return false;
  }

  /** Whether a pattern of channels is one of these to the byte: what it matches cannot be compared otherwise. */
  has(bytes: Uint8Array): boolean {
    const text = textOf(bytes, 0, bytes.length);
    return this.#patterns.some((pattern) => pattern.text === text || pattern.text === "*");
  }
}

function readPattern(text: string): Pattern {
  const found = /^(?:%(RW|WR|R|W))?~/i.exec(text);
  const marks = found?.[1]?.toUpperCase();
  const uses = marks === "R" ? KeyUse.Read : marks === "W" ? KeyUse.Write : KeyUse.Both;
  const bytes = encoder.encode(found === null ? text : text.slice(found[0].length));
  const pattern = textOf(bytes, 0, bytes.length);
  const before = pattern.replace(/\*$/, "");
  const kind = SPECIAL.test(before) ? "glob" : before === pattern ? "literal" : "prefix";
  return { text: pattern, uses, prefix: bytes.subarray(0, before.length), kind };
}

function matches(
  { text, prefix, kind }: Pattern,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (kind === "glob") return globMatches(text, textOf(bytes, start, end));
  const length = prefix.length;
  if (kind === "literal" ? end - start !== length : end - start < length) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[start + index] !== prefix[index]) return false;
  }
  return true;
}

/** One character for each byte. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let index = start; index < end; index++) text += String.fromCharCode(bytes[index]!);
  return text;
}
