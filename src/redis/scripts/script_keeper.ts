/**
 * Sees to it that EVALSHA finds its script: each connection to a server remembers which scripts went over it, and
 * before the first EVALSHA of another one whose body is known SCRIPT LOAD goes ahead, on the same connection and with
 * nothing in between.
 *
 * A call that is redirected has its script loaded ahead of it on the connection where it ends, too: nodes of a Redis
 * Cluster do not tell each other of scripts.
 *
 * At a NOSCRIPT all the same (a server was flushed or replaced) that server counts as one that has no scripts, and the
 * call is repeated where it certainly has not run; else the NOSCRIPT is the client's. Meanwhile nothing else of its
 * client is on its way, so that the order is kept.
 *
 * @module
 */
import { CommandFlag } from "../../protocol/command_table.ts";
import type { Backend } from "../../backend/backend.ts";
import type { BackendConnection } from "../../backend/connection.ts";
import { HAND_OVER_BYTES } from "../../bytes/chunk_pool.ts";
import { keyMark } from "../../bytes/key_mark.ts";
import { sha1Hex } from "../../hash/mod.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { arrayReply, bulkBytesReply, bulkReply } from "../../protocol/resp/write/replies.ts";
import { ReplyReader } from "../../protocol/resp/parse/reply_reader.ts";
import { type Exchange, ExchangeState, type SentTo } from "../../request/exchange.ts";
import type { Request } from "../../request/request.ts";
import type { ResendListener } from "../../router/router.ts";
import type { Keepsake, LocalClient } from "../../session/stages.ts";
import { sendCall } from "../core/dedicated_call.ts";
import type { RedisContext } from "../core/feature.ts";
import { hasNoScriptCode, isServersNoScript } from "./no_script.ts";
import { ScriptCache } from "./script_cache.ts";

/** Scripts that one connection remembers; with more it begins anew. */
export const REMEMBERED_MAX = 10_000;
/** Bodies whose marks are remembered, so that an EVAL that comes often is not hashed each time. */
export const MARKS_MAX = 4_096;

const LEARNT = "script learnt";
const FLUSHED = "script flush";
const SHA_DIGITS = 40;
/** Requests above this many bytes are not repeated. */
const REPEATABLE_BYTES_MAX = 4096;
/** With more in flight on a connection none is kept for that. */
const REPEATABLE_IN_FLIGHT_MAX = 1024;
const decoder = new TextDecoder("latin1");

/** What one worker tells the others. */
interface LearntMessage {
  readonly sha: string;
  readonly body: Uint8Array;
}

/** What went over a connection while its server was as it is. */
interface Loaded {
  readonly generation: number;
  readonly shas: Set<string>;
  /** Those that the server has said it has, so that other connections find them, too. */
  readonly confirmed: Set<string>;
}

/** A request that runs a script, where it stands. */
export interface Evalsha {
  readonly frame: RequestFrame;
  readonly bytes: Uint8Array;
}

/** Loads a script at a server ahead of the first EVALSHA there, and repeats a call after NOSCRIPT if it has not run. */
export class ScriptKeeper implements Keepsake, ResendListener {
  readonly #context: RedisContext;
  readonly #cache: ScriptCache;
  /** Digests of bodies by their marks. */
  readonly #digests = new Map<number, string>();
  #loaded = new WeakMap<BackendConnection, Loaded>();
  /** Connections whose end this hears of. */
  readonly #watched = new WeakSet<BackendConnection>();
  /** Raised when a server turns out to have lost its scripts. */
  readonly #generations = new WeakMap<SentTo, number>();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#cache = new ScriptCache(context.config.scriptCacheBytes);
    context.peers.on(LEARNT, (message) => {
      const { sha, body } = message as LearntMessage;
      this.#cache.add(sha, body);
    });
    context.peers.on(FLUSHED, () => this.#forget());
    context.router.resendListener = this;
  }

  /** Bytes of memory that known scripts take. */
  get heldBytes(): number {
    return this.#cache.byteCount;
  }

  get holderFields(): Record<string, string> {
    return { scripts: this.#context.config.name };
  }

  /** Forgets all in this worker: clients hear NOSCRIPT where servers do not know them either, and send them again. */
  shed(): void {
    this.#cache.clear();
  }

  /** Whether the body of a script is known. */
  knows(sha: string): boolean {
    return this.#cache.has(sha.toLowerCase());
  }

  /** Keeps a body in all workers, and returns its digest. */
  learn(body: Uint8Array): string {
    const sha = sha1Hex(body);
    if (this.#cache.has(sha)) return sha;
    this.#cache.add(sha, body);
    const message: LearntMessage = { sha, body };
    this.#context.peers.tell(LEARNT, message);
    return sha;
  }

  /** The request that loads a script, or null where its body is not known. */
  loadRequestOf(sha: string): Uint8Array | null {
    const body = this.#cache.use(sha.toLowerCase());
    return body === undefined ? null : loadRequest(body);
  }

  /** SCRIPT FLUSH: no worker knows any script. */
  flush(): void {
    this.#forget();
    this.#context.peers.tell(FLUSHED, null);
  }

  /** A request that runs a script is about to be sent over `connection`, as `exchange`. */
  beforeScript(
    connection: BackendConnection,
    exchange: Exchange,
    frame: RequestFrame,
    bytes: Uint8Array,
  ): void {
    if (this.learnFrom(frame, bytes)) return;
    const sha = namedSha({ frame, bytes });
    if (sha === null) return;
    this.#loadAhead(connection, sha, frame.end - frame.start);
    keepForRepeating(connection, exchange, frame, bytes);
  }

  /** A request that runs a script is sent elsewhere by a redirection: `byteCount` bytes over `connection`. */
  beforeResend(connection: BackendConnection, call: Exchange, byteCount: number): void {
    const sha = shaOf(call.chunk!.bytes, call.start, call.end);
    if (sha !== null) this.#loadAhead(connection, sha, byteCount);
  }

  /** Keeps the body in a request if that is an EVAL. False: it is something else. */
  learnFrom(frame: RequestFrame, bytes: Uint8Array): boolean {
    if ((frame.row!.flags & CommandFlag.ScriptBody) === 0) return false;
    const start = frame.argumentStart(1);
    const end = frame.argumentEnd(1);
    if (!this.#cache.fits(end - start)) return true;
    const mark = keyMark(bytes, start, end);
    const digest = this.#digests.get(mark);
    if (digest !== undefined && this.#cache.has(digest)) return true;
    if (this.#digests.size >= MARKS_MAX) this.#digests.clear();
    this.#digests.set(mark, this.learn(bytes.slice(start, end)));
    return true;
  }

  /**
   * Sees to it that a server has a script that is called another way than over the client's usual connection.
   *
   * @returns Whether it is loaded, and `done` called, once: perhaps before this returns.
   */
  provide(client: LocalClient, backend: Backend, sha: string, done: () => void): boolean {
    const connection = backend.connectionFor(client.number, client.profiles.master);
    if (this.#loadedBy(connection).confirmed.has(sha)) return false;
    const body = this.#cache.use(sha);
    if (body === undefined) return false;
    sendCall(this.#context, { connection, place: -1, client }, loadRequest(body), {
      replied: ({ isError }) => {
        if (!isError) remember(this.#loadedBy(connection).confirmed, sha);
        done();
      },
      failed: done,
    });
    return true;
  }

  /** A request that ran a script was answered with an error. True: it is repeated. */
  scriptFailed(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (!hasNoScriptCode(bytes, start, end)) return false;
    this.hasLost(exchange.sentTo!);
    return isServersNoScript(bytes, start, end) && this.#repeat(request, exchange);
  }

  /** A server has said that it does not have this script: if it was given it before, it has lost them all. */
  isMissingAt(backend: Backend, client: LocalClient, sha: string): void {
    const { connections } = this.#context.backends.limits;
    for (let number = 0; number < connections; number++) {
      const connection = backend.connectionFor(number, client.profiles.master);
      if (this.#loadedBy(connection).shas.has(sha.toLowerCase())) return this.hasLost(backend);
    }
  }

  /** A server has no scripts any more. */
  hasLost(server: SentTo): void {
    this.#generations.set(server, this.#generationOf(server) + 1);
  }

  /** Repeats an EVALSHA of its client's only request, with its script right ahead; false where it must not be. */
  #repeat(request: Request, exchange: Exchange): boolean {
    const { repeatable, fragment, place, isRead, client } = exchange;
    if (repeatable === null || request.next !== null) return false;
    const connection = this.#connectionOf(exchange);
    const sha = shaOf(repeatable, 0, repeatable.length) ?? "";
    const body = this.#cache.use(sha);
    if (connection === null || body === undefined) return false;
    // What is said of a script that is not there, one that is there might say as well.
    if (this.#cache.mayReplyOwnErrors(sha)) return false;
    const successor = this.#context.backends.requests.takeExchange();
    successor.begin(request, fragment, place, isRead, client);
    successor.measureAs(exchange);
    successor.hasOwnErrors = true;
    successor.redirects = exchange.redirects;
    request.onRedirect(exchange, successor);
    this.#load(connection, sha, body, repeatable.length);
    connection.send(successor, repeatable, 0, repeatable.length);
    return true;
  }

  /** The connection that the client's next request to the same server takes. */
  #connectionOf({ sentTo, client, isAtReplica }: Exchange): BackendConnection | null {
    const { master, replica } = client.profiles;
    for (const backend of this.#context.router.backends()) {
      if (backend === sentTo) {
        return backend.connectionFor(client.number, isAtReplica ? replica : master);
      }
    }
    return null;
  }

  #loadAhead(connection: BackendConnection, sha: string, byteCount: number): void {
    if (this.#loadedBy(connection).shas.has(sha)) return;
    const body = this.#cache.use(sha);
    if (body !== undefined) this.#load(connection, sha, body, byteCount);
  }

  /** Loads a script over `connection`, with room for `byteCount` bytes right behind. */
  #load(connection: BackendConnection, sha: string, body: Uint8Array, byteCount: number): void {
    if (this.#sendLoad(connection, body, byteCount)) {
      remember(this.#loadedBy(connection).shas, sha);
    }
  }

  /** One chunk for both, so that they are written, failed and sent again together. */
  #sendLoad(connection: BackendConnection, body: Uint8Array, byteCount: number): boolean {
    const load = loadRequest(body);
    const exchange = this.#context.backends.requests.takeExchange();
    exchange.state = ExchangeState.Swallowed;
    exchange.isSent = false;
    if (!connection.admit(exchange, load.length + byteCount)) return false;
    if (load.length + byteCount <= HAND_OVER_BYTES) connection.log.reserve(load.length + byteCount);
    connection.enqueue(exchange, connection.log.append(load, 0, load.length), load.length);
    return true;
  }

  #loadedBy(connection: BackendConnection): Loaded {
    const generation = this.#generationOf(connection.backend);
    const known = this.#loaded.get(connection);
    if (known !== undefined && known.generation === generation) return known;
    const loaded: Loaded = { generation, shas: new Set(), confirmed: new Set() };
    this.#loaded.set(connection, loaded);
    if (!this.#watched.has(connection)) {
      this.#watched.add(connection);
      // Who is there after a loss may be another server.
      connection.addEndListener(() => this.#loaded.delete(connection));
    }
    return loaded;
  }

  #generationOf(sentTo: SentTo): number {
    return this.#generations.get(sentTo) ?? 0;
  }

  #forget(): void {
    this.#cache.clear();
    this.#digests.clear();
    this.#loaded = new WeakMap();
  }
}

function keepForRepeating(
  connection: BackendConnection,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const { awaiting, unsent } = connection.inflight;
  if (frame.isRewritten || frame.end - frame.start > REPEATABLE_BYTES_MAX) return;
  if (awaiting + unsent > REPEATABLE_IN_FLIGHT_MAX) return;
  exchange.repeatable = bytes.slice(frame.start, frame.end);
}

function remember(shas: Set<string>, sha: string): void {
  if (shas.size >= REMEMBERED_MAX) shas.clear();
  shas.add(sha);
}

/** Arguments with which servers do flush. */
const FLUSHES = /^(a?sync)?$/i;

/** Whether a SCRIPT FLUSH, given as its words, is one that servers carry out. */
export function isFlush(words: readonly string[]): boolean {
  return FLUSHES.test(words.slice(2).join(" "));
}

/** The digest that a request names if it is an EVALSHA, lower case; else null. */
export function namedSha({ frame, bytes }: Evalsha): string | null {
  const start = frame.argumentStart(1);
  const end = frame.argumentEnd(1);
  const isCall = (frame.row!.flags & CommandFlag.ScriptDigest) !== 0;
  if (!isCall || end - start !== SHA_DIGITS) return null;
  return decoder.decode(bytes.subarray(start, end)).toLowerCase();
}

function loadRequest(body: Uint8Array): Uint8Array {
  return arrayReply([LOAD_1, LOAD_2, bulkBytesReply(body, 0, body.length)]);
}

/** The digest that a request as it was sent names if it is an EVALSHA, lower case; else null. */
function shaOf(bytes: Uint8Array, start: number, end: number): string | null {
  const reader = new ReplyReader(bytes, start, end);
  if (reader.readArray() < 2) return null;
  const name = reader.readText() ?? "";
  const sha = reader.readText() ?? "";
  return /^evalsha(_ro)?$/i.test(name) && sha.length === SHA_DIGITS ? sha.toLowerCase() : null;
}

const LOAD_1 = bulkReply("SCRIPT");
const LOAD_2 = bulkReply("LOAD");
