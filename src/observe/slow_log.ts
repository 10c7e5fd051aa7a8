/**
 * The requests that took long: the last ones of one cluster in one worker, as plain data.
 *
 * @module
 */

/** One part of a client's request that took long; times in microseconds. */
export interface SlowEntry {
  /** Unique over all workers of the cluster; later ones are greater. */
  readonly id: number;
  /** When the proxy had read the request, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** From when the request was read to when its reply was, or it failed. */
  readonly totalUs: number;
  /** Of these until it was handed to the connection to its server for the last time. */
  readonly queueUs: number;
  /** Of these from then on. */
  readonly serverUs: number;
  /** Id of the client. */
  readonly client: number;
  /** `host:port` of the client's end. */
  readonly address: string;
  /** What the client calls itself, and who it logged in as; empty where nothing is known. */
  readonly name: string;
  readonly user: string;
  /** `host:port` of the server. */
  readonly backend: string;
  /** In lower case. */
  readonly command: string;
  /** The words of the request, shortened; see `shortenedWords`. */
  readonly words: readonly Uint8Array[];
  /** Why it had no reply; empty where it had one. */
  readonly failure: string;
}

/** The last entries of one worker. */
export class SlowLog {
  /** Entries that are kept; further ones push the oldest out. */
  #lengthMax: number;
  /** Oldest first. */
  #entries: SlowEntry[] = [];

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** Entries that are kept. */
  get lengthMax(): number {
    return this.#lengthMax;
  }

  set lengthMax(count: number) {
    this.#lengthMax = count;
    this.#cut();
  }

  /** Adds the latest entry. */
  add(entry: SlowEntry): void {
    this.#entries.push(entry);
    // Not one by one: that would move the whole array each time.
    if (this.#entries.length > 2 * this.#lengthMax) this.#cut();
  }

  /** Entries that there are. */
  get length(): number {
    this.#cut();
    return this.#entries.length;
  }

  /** The latest entries, oldest first. */
  entries(count: number = this.#lengthMax): readonly SlowEntry[] {
    this.#cut();
    return count < this.#entries.length
      ? this.#entries.slice(this.#entries.length - count)
      : this.#entries;
  }

  /** Forgets all entries. */
  reset(): void {
    this.#entries = [];
  }

  #cut(): void {
    const surplus = this.#entries.length - this.#lengthMax;
    if (surplus > 0) this.#entries = this.#entries.slice(surplus);
  }
}

/** An entry among those of all workers. */
export interface MergedEntry extends SlowEntry {
  /**
   * Whether it was the first of its server's that its worker had answered together. A server does one thing after the
   * other, so what kept it busy is among these; the others may only have waited behind it.
   */
  readonly isFirst: boolean;
}

/** Replies that follow each other within so long were waited for together, milliseconds. */
const TOGETHER_MS = 5;

/** The last entries of several workers as one log, latest first. */
export function mergeEntries(
  workers: readonly (readonly SlowEntry[])[],
  lengthMax: number,
): MergedEntry[] {
  return workers.flatMap(markFirst).sort((one, other) => other.id - one.id).slice(0, lengthMax);
}

/** The entries of one worker, which are in the order in which they were answered. */
function markFirst(entries: readonly SlowEntry[]): MergedEntry[] {
  const endedAtMs = new Map<string, number>();
  return entries.map((entry) => {
    const endMs = entry.startedAtMs + entry.totalUs / 1000;
    const before = endedAtMs.get(entry.backend) ?? -Infinity;
    endedAtMs.set(entry.backend, endMs);
    return { ...entry, isFirst: endMs - before > TOGETHER_MS };
  });
}

/** An entry for people and programs: its words as text, and times by their unit. */
export interface ShownEntry {
  readonly id: number;
  /** ISO 8601. */
  readonly time: string;
  readonly totalUs: number;
  readonly queueUs: number;
  readonly serverUs: number;
  readonly client: number;
  readonly clientAddress: string;
  readonly clientName: string;
  readonly user: string;
  readonly backend: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly failure: string;
  /** See {@link MergedEntry.isFirst}. */
  readonly isFirst: boolean;
}

/** Makes an entry ready to be shown. */
export function showEntry(entry: MergedEntry): ShownEntry {
  return {
    id: entry.id,
    time: new Date(entry.startedAtMs).toISOString(),
    totalUs: entry.totalUs,
    queueUs: entry.queueUs,
    serverUs: entry.serverUs,
    client: entry.client,
    clientAddress: entry.address,
    clientName: entry.name,
    user: entry.user,
    backend: entry.backend,
    command: entry.command,
    words: entry.words.map(showBytes),
    failure: entry.failure,
    isFirst: entry.isFirst,
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes as text: as UTF-8 where they are, else with `\xNN` for all that is not visible ASCII. */
export function showBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, showByte).join("");
  }
}

function showByte(byte: number): string {
  const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
  return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
