/**
 * The largest requests and replies of one cluster in one worker, by key: all that pass the bound are seen, since only
 * what is large anyway is looked at.
 *
 * @module
 */

/** Least size that is noted, bytes: what is smaller is not looked at one by one. */
export const BIG_KEY_BYTES_MIN: number = 64 * 1024 + 1;
/** Keys that are kept, the largest. */
export const BIG_KEYS_MAX = 128;

/** A key whose requests or replies are large. */
export interface BigKey {
  /** Shortened, see `shortened_words.ts`; of several keys the first. */
  readonly key: Uint8Array;
  /** Keys of the request, as far as they are shown: of several it is not known which one is large. */
  readonly keyCount: number;
  /** What was large: the request or the reply. */
  readonly part: "request" | "reply";
  /** Largest size, bytes. */
  readonly bytes: number;
  /** How often it was above the bound. */
  readonly count: number;
  /** The command that was large last, in lower case, and the server, `host:port`. */
  readonly command: string;
  readonly backend: string;
  /** When it was large last, milliseconds since 1970. */
  readonly seenAtMs: number;
}

const latin1 = new TextDecoder("latin1");

/** The big keys of one worker. */
export class BigKeys {
  readonly #byName = new Map<string, BigKey>();

  /** Requests and replies so far, those of keys that are not kept included. */
  noted = 0;

  /** A request or a reply was large. */
  note(seen: Omit<BigKey, "count">): void {
    this.noted += 1;
    const name = nameOf(seen);
    const known = this.#byName.get(name);
    if (known === undefined && !this.#makesRoom(seen.bytes)) return;
    const bytes = Math.max(seen.bytes, known?.bytes ?? 0);
    this.#byName.set(name, { ...seen, bytes, count: (known?.count ?? 0) + 1 });
  }

  /** Keys that there are. */
  get length(): number {
    return this.#byName.size;
  }

  /** The keys, in no order. */
  entries(): readonly BigKey[] {
    return [...this.#byName.values()];
  }

  /** Forgets all. */
  reset(): void {
    this.#byName.clear();
  }

  /** Whether there is room for one of this size: the smallest leaves for a larger one. */
  #makesRoom(bytes: number): boolean {
    if (this.#byName.size < BIG_KEYS_MAX) return true;
    let smallest: [string, BigKey] | null = null;
    for (const entry of this.#byName) {
      if (smallest === null || entry[1].bytes < smallest[1].bytes) smallest = entry;
    }
    if (smallest === null || smallest[1].bytes >= bytes) return false;
    return this.#byName.delete(smallest[0]);
  }
}

/** The big keys of several workers, the largest first. */
export function mergeBigKeys(parts: readonly (readonly BigKey[])[], count: number): BigKey[] {
  const sums = new Map<string, BigKey>();
  for (const one of parts.flat()) {
    const known = sums.get(nameOf(one));
    if (known === undefined) {
      sums.set(nameOf(one), one);
      continue;
    }
    const latest = one.seenAtMs > known.seenAtMs ? one : known;
    sums.set(nameOf(one), {
      ...latest,
      bytes: Math.max(one.bytes, known.bytes),
      count: one.count + known.count,
    });
  }
  return [...sums.values()].sort((one, other) => other.bytes - one.bytes).slice(0, count);
}

function nameOf({ key, part }: Pick<BigKey, "key" | "part">): string {
  return `${part} ${latin1.decode(key)}`;
}
