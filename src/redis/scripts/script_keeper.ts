/**
 * Sees to it that EVALSHA finds its script: each connection to a server remembers which scripts went over it, and
 * before the first EVALSHA of another one whose body is known SCRIPT LOAD goes ahead, on the same connection and with
 * nothing in between.
 *
 * A NOSCRIPT all the same (a server was flushed or replaced) is the client's: libraries answer it by EVAL. From
 * then on that server counts as one that has no scripts.
 *
 * @module
 */
import type { BackendConnection } from "../../backend/connection.ts";
import { HAND_OVER_BYTES } from "../../bytes/chunk_pool.ts";
import { keyMark } from "../../bytes/key_mark.ts";
import { sha1Hex } from "../../hash/mod.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { arrayReply, bulkBytesReply, bulkReply } from "../../protocol/resp/replies.ts";
import { ExchangeState, type SentTo } from "../../request/exchange.ts";
import type { RedisContext } from "../feature.ts";
import { ScriptCache } from "./script_cache.ts";

/** Scripts that one connection remembers; with more it begins anew. */
export const REMEMBERED_MAX = 10_000;
/** Bodies whose marks are remembered, so that an EVAL that comes often is not hashed each time. */
export const MARKS_MAX = 4_096;

const LEARNT = "script learnt";
const FLUSHED = "script flush";
const SHA_DIGITS = 40;
const NO_SCRIPT = new TextEncoder().encode("-NOSCRIPT");
const decoder = new TextDecoder("latin1");

/** What one worker tells the others. */
interface LearntNote {
  readonly sha: string;
  readonly body: Uint8Array;
}

/** What went over a connection while its server was as it is. */
interface Loaded {
  readonly generation: number;
  readonly shas: Set<string>;
}

/** See above. */
export class ScriptKeeper {
  readonly #context: RedisContext;
  readonly #cache: ScriptCache;
  readonly #marks = new Set<number>();
  #loaded = new WeakMap<BackendConnection, Loaded>();
  /** Raised when a server turns out to have lost its scripts. */
  readonly #generations = new WeakMap<SentTo, number>();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#cache = new ScriptCache(context.config.scriptCacheBytes);
    context.peers.on(LEARNT, (note) => {
      const { sha, body } = note as LearntNote;
      this.#cache.add(sha, body);
    });
    context.peers.on(FLUSHED, () => this.#forget());
  }

  /** Whether the body of a script is known. */
  knows(sha: string): boolean {
    return this.#cache.has(sha.toLowerCase());
  }

  /** Keeps a body in all workers. */
  learn(body: Uint8Array): void {
    const sha = sha1Hex(body);
    if (this.#cache.has(sha)) return;
    this.#cache.add(sha, body);
    const note: LearntNote = { sha, body };
    this.#context.peers.tell(LEARNT, note);
  }

  /** SCRIPT FLUSH: no worker knows any script. */
  flush(): void {
    this.#forget();
    this.#context.peers.tell(FLUSHED, null);
  }

  /** A request that runs a script is about to be sent over `connection`. */
  beforeScript(connection: BackendConnection, frame: RequestFrame, bytes: Uint8Array): void {
    const name = frame.row!.name;
    if (name === "eval" || name === "eval_ro") this.#learnFrom(frame, bytes);
    else if (name === "evalsha" || name === "evalsha_ro") this.#loadAhead(connection, frame, bytes);
  }

  /** A request that ran a script was answered with an error. */
  scriptFailed(sentTo: SentTo, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < NO_SCRIPT.length) return;
    if (NO_SCRIPT.some((byte, index) => bytes[start + index] !== byte)) return;
    this.#generations.set(sentTo, this.#generationOf(sentTo) + 1);
  }

  #learnFrom(frame: RequestFrame, bytes: Uint8Array): void {
    const start = frame.argumentStart(1);
    const end = frame.argumentEnd(1);
    const mark = keyMark(bytes, start, end);
    if (this.#marks.has(mark)) return;
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear();
    this.#marks.add(mark);
    this.learn(bytes.slice(start, end));
  }

  #loadAhead(connection: BackendConnection, frame: RequestFrame, bytes: Uint8Array): void {
    const start = frame.argumentStart(1);
    const end = frame.argumentEnd(1);
    if (end - start !== SHA_DIGITS) return;
    const sha = decoder.decode(bytes.subarray(start, end)).toLowerCase();
    const shas = this.#loadedBy(connection);
    if (shas.has(sha)) return;
    const body = this.#cache.use(sha);
    if (body === undefined) return;
    if (!this.#sendLoad(connection, body, frame.end - frame.start)) return;
    if (shas.size >= REMEMBERED_MAX) shas.clear();
    shas.add(sha);
  }

  /** One chunk for both, so that they are written, failed and sent again together. */
  #sendLoad(connection: BackendConnection, body: Uint8Array, byteCount: number): boolean {
    const load = arrayReply([LOAD_1, LOAD_2, bulkBytesReply(body, 0, body.length)]);
    const exchange = this.#context.backends.requests.takeExchange();
    exchange.state = ExchangeState.Swallowed;
    exchange.isSent = false;
    if (!connection.admit(exchange, load.length + byteCount)) return false;
    if (load.length + byteCount <= HAND_OVER_BYTES) connection.log.reserve(load.length + byteCount);
    connection.enqueue(exchange, connection.log.append(load, 0, load.length), load.length);
    return true;
  }

  #loadedBy(connection: BackendConnection): Set<string> {
    const generation = this.#generationOf(connection.backend);
    const known = this.#loaded.get(connection);
    if (known !== undefined && known.generation === generation) return known.shas;
    const shas = new Set<string>();
    this.#loaded.set(connection, { generation, shas });
    // Who is there after a loss may be another server.
    connection.onLost = () => this.#loaded.delete(connection);
    return shas;
  }

  #generationOf(sentTo: SentTo): number {
    return this.#generations.get(sentTo) ?? 0;
  }

  #forget(): void {
    this.#cache.clear();
    this.#marks.clear();
    this.#loaded = new WeakMap();
  }
}

const LOAD_1 = bulkReply("SCRIPT");
const LOAD_2 = bulkReply("LOAD");
