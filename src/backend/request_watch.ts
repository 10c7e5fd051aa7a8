/**
 * Tells of clients' requests that take long. What a request said is read from the log of the connection it was sent
 * over: so nothing is copied while requests come, and nothing is done for those that are quick, but that the chunk they
 * were written from is not used again before its last one is answered.
 *
 * @module
 */
import { type Chunk, HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { BIG_KEY_BYTES_MIN, type BigKey, type BigKeys } from "../observe/big_keys.ts";
import type { SlowEntry, SlowLog } from "../observe/slow_log.ts";
import type { Profile, Protocol } from "../protocol/protocol.ts";
import { ShortenedWords } from "../protocol/shortened_words.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";

/**
 * Bytes of chunks that are kept for what may be told of their requests, in one worker and cluster; of further requests
 * only the name is known.
 */
export const KEPT_BYTES_MAX: number = 32 * 1024 * 1024;
/** Bytes kept of a request that is too large to be kept whole. */
const HEAD_BYTES = 4 * 1024;

/** Who a client is. */
export interface ClientIdentity {
  readonly id: number;
  /** `host:port` of its end. */
  readonly address: string;
  /** What it calls itself. */
  readonly name: string;
  /** Who it logged in as. */
  readonly user: string;
}

/** What a watch works with. */
export interface WatchParts {
  readonly protocol: Protocol;
  readonly clock: Clock;
  readonly slowLog: SlowLog;
  readonly bigKeys: BigKeys;
  /** Takes each entry of the slow log; nobody does if left out. */
  readonly spans?: { add(entry: SlowEntry): void };
  readonly metrics: { slowRequests: number };
  /** A number for an entry of the slow log. */
  nextEntryNumber(): number;
}

/** Where an exchange went. */
interface WatchedConnection {
  readonly profile: Profile;
  readonly backend: { readonly address: string };
}

const NOBODY: ClientIdentity = { id: 0, address: "", name: "", user: "" };

/** One per cluster and worker. */
export class RequestWatch {
  /** A request that takes so long is told of, milliseconds; Infinity: none is. */
  slowMs = Infinity;
  /** Whether anything may be told of requests, so that their bytes are kept. */
  isOn = false;
  /** Requests and replies of at least so many bytes are noted by key; Infinity: none are. */
  bigBytes = Infinity;
  /** Says who a client is; null: it is gone. */
  identify: (client: RoutedClient) => ClientIdentity | null = () => null;
  readonly #parts: WatchParts;
  #keptBytes = 0;
  /** When the last entry was made, and how many were at that time. */
  #entryAtMs = 0;
  #entriesAtOnce = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Whether the bytes of `chunk`, which are about to be written, may stay where they are until they are answered. */
  mayKeep(chunk: Chunk): boolean {
    return this.isOn && chunk.isPooled && this.#keptBytes + chunk.bytes.length <= KEPT_BYTES_MAX;
  }

  /** Keeps a chunk until `last`, the last exchange whose bytes it has, is over. */
  keep(chunk: Chunk, last: Exchange): void {
    this.#keptBytes += chunk.bytes.length;
    chunk.holders += 1;
    chunk.isKept = true;
    last.isHeld = true;
  }

  /** The exchange that {@link keep} has named is over. */
  letGo(chunk: Chunk): void {
    this.#keptBytes -= chunk.bytes.length;
  }

  /** The bytes of an exchange do not stay where they are: of a large one the first are copied. */
  leave(exchange: Exchange): void {
    if (this.isOn && exchange.end - exchange.start > HAND_OVER_BYTES) this.#copyHead(exchange);
    exchange.chunk = null;
  }

  /** The same of what was never written, and fails now: of as many as are told of. */
  leaveUnsent(exchanges: readonly Exchange[]): void {
    const { slowLog } = this.#parts;
    for (let index = 0; index < exchanges.length; index++) {
      const exchange = exchanges[index]!;
      if (this.isOn && index < slowLog.lengthMax) this.#copyHead(exchange);
      exchange.chunk = null;
    }
  }

  #copyHead(exchange: Exchange): void {
    const { chunk, end, start } = exchange;
    exchange.head = chunk!.bytes.slice(start, Math.min(end, start + HEAD_BYTES));
  }

  /** An exchange of a client's request has failed. */
  failed(exchange: Exchange, connection: WatchedConnection, failure: Failure): void {
    const elapsedMs = this.#parts.clock.realMs - exchange.startedAtMs;
    if (elapsedMs >= this.slowMs) this.slow(exchange, connection, failure);
  }

  /** An exchange of a client's request took long. */
  slow(exchange: Exchange, connection: WatchedConnection, failure: Failure | null): void {
    this.#parts.metrics.slowRequests += 1;
    const { clock, slowLog, nextEntryNumber } = this.#parts;
    const nowMs = clock.realMs;
    if (this.#entryAtMs !== nowMs) this.#entriesAtOnce = 0;
    // Further ones at the same time would only push these out.
    if (this.#entriesAtOnce >= slowLog.lengthMax) return;
    this.#entryAtMs = nowMs;
    this.#entriesAtOnce += 1;
    const { startedAtMs } = exchange;
    const handedAtMs = exchange.isSent ? exchange.handedAtMs : nowMs;
    const client = this.identify(exchange.client) ?? NOBODY;
    const entry: SlowEntry = {
      id: nextEntryNumber(),
      startedAtMs: Date.now() - (performance.now() - startedAtMs),
      totalUs: toUs(nowMs - startedAtMs),
      queueUs: toUs(handedAtMs - startedAtMs),
      serverUs: toUs(nowMs - handedAtMs),
      client: client.id,
      address: client.address,
      name: client.name,
      user: client.user,
      backend: connection.backend.address,
      command: exchange.row!.name,
      words: this.#wordsOf(exchange, connection.profile),
      failure: failure?.name ?? "",
    };
    slowLog.add(entry);
    this.#parts.spans?.add(entry);
  }

  /** A request or a reply is large. */
  big(
    exchange: Exchange,
    connection: WatchedConnection,
    bytes: number,
    part: BigKey["part"],
  ): void {
    const row = exchange.row;
    if (row === null) return;
    const { chunk, start, end } = exchange;
    // A request is noted when it is written: its bytes are there, kept or not.
    const words = part === "request"
      ? this.#parts.protocol.requestWords(row, chunk!.bytes, start, end, connection.profile)
      : this.#wordsOf(exchange, connection.profile);
    const keyAt = row.firstKey > 0 ? row.firstKey : 1;
    const keyCount = row.lastKey === row.firstKey
      ? 1
      : Math.max(1, Math.ceil((words.length - keyAt) / row.keyStep));
    this.#parts.bigKeys.note({
      key: words[keyAt] ?? words[0]!,
      keyCount,
      part,
      bytes,
      command: row.name,
      backend: connection.backend.address,
      seenAtMs: Date.now(),
    });
  }

  /** What is noted of requests and replies from now on. */
  setBigBytes(bytes: number): void {
    this.bigBytes = bytes === 0 ? Infinity : Math.max(bytes, BIG_KEY_BYTES_MIN);
  }

  #wordsOf(exchange: Exchange, profile: Profile): Uint8Array[] {
    const { protocol } = this.#parts;
    const { chunk, end, head, isHeld, start } = exchange;
    const row = exchange.row!;
    if (head !== null) return protocol.requestWords(row, head, 0, head.length, profile);
    if (chunk !== null && (isHeld || chunk.isKept)) {
      return protocol.requestWords(row, chunk.bytes, start, end, profile);
    }
    const words = new ShortenedWords();
    words.addText(row.name);
    words.addText("... (arguments not kept)");
    return words.end();
  }
}

function toUs(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000));
}
