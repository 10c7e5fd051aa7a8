/**
 * One client's transaction, from MULTI or WATCH to EXEC, on a connection of its own:
 *
 * ```text
 *   MULTI ─► open, nothing sent: QUEUED is said here, requests without keys are held
 *     │ first key, or EXEC: MULTI and what is held go out
 *     ▼
 *   begun: requests go to the backend, their replies to the client
 *     │ EXEC, DISCARD, or the end of a connection
 *     ▼
 *   over: the connection goes back clean, or is closed
 * ```
 *
 * A request that is refused here makes EXEC abort, as one that a server refuses does. Nothing is sent twice.
 *
 * @module
 */
import { handlerOf } from "../../protocol/resp/commands/handlers.ts";
import { type Failure, failures } from "../../failure.ts";
import { holds } from "../../invariant.ts";
import { profilesOf, type RequestFrame } from "../../protocol/protocol.ts";
import {
  EMPTY_ARRAY_REPLY,
  errorReply,
  failureReply,
  OK_REPLY,
  requestBytes,
} from "../../protocol/resp/write/replies.ts";
import { commonPlace, PLACES_DIFFER } from "../../router/common_place.ts";
import { Redirection, ShardsState } from "../../router/router.ts";
import {
  type ClientStage,
  type DeferredReply,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import type { CommandRow } from "../../protocol/command_table.ts";
import type { CallListener, CallReply } from "../core/dedicated_call.ts";
import { DATABASE_NUMBER_MAX } from "../connection/databases.ts";
import { DedicatedLink } from "../core/dedicated_link.ts";
import type { RedisContext } from "../core/feature.ts";
import { addStage, removeStage, stageOf, StageRank } from "../core/stage_chain.ts";
import { readInteger } from "../core/integer.ts";
import { LocalRequest } from "../core/local_request.ts";
import { Refused } from "../core/refused.ts";
import { copyRequest } from "../core/request_copy.ts";
import type { ScriptKeeper } from "../scripts/script_keeper.ts";
import { cleanUp } from "./clean_up.ts";
import { HELD_BYTES_MAX, HELD_REQUESTS_MAX, HeldRequests } from "./held_requests.ts";
import { ScriptWait } from "./script_wait.ts";
import { isForAllServers, isKeyless, refusedInside, whyNotQueued } from "./queueable.ts";
import * as replies from "./replies.ts";
import { QueuedWords } from "./queued_words.ts";
import { databaseAfter, type Selection } from "./selections.ts";

const MULTI = requestBytes("MULTI");
const EXEC = requestBytes("EXEC");
const DISCARD = requestBytes("DISCARD");
const UNWATCH = requestBytes("UNWATCH");
const TOO_MUCH_HELD = errorReply(
  `ERR more than ${HELD_REQUESTS_MAX} requests, or ${HELD_BYTES_MAX} bytes, before the first key of ` +
    "a transaction: begin with a request that has a key",
);

/** One client's transaction from MULTI or WATCH to EXEC or DISCARD, on a connection of its own. */
export class Transaction implements ClientStage {
  readonly #context: RedisContext;
  readonly #client: LocalClient;
  readonly #held = new HeldRequests();
  readonly #scripts: ScriptWait;
  #link: DedicatedLink | null = null;
  /** Between MULTI and EXEC. */
  #isOpen = false;
  /** The row of MULTI, which goes to the server when that is known. */
  #multi: CommandRow | null = null;
  /** What EXEC will carry out, where it may have to be told; else null. */
  readonly #words: QueuedWords | null;
  /** MULTI went to the backend. */
  #isBegun = false;
  /** A request was refused here, or the backend was lost: EXEC aborts. */
  #isDirty = false;
  /** The backend that watched is lost: nobody knows what changed since. */
  #isWatchLost = false;
  /** The connection is no longer as it was handed out. */
  #isMarked = false;
  #lastFailure: Failure | null = null;
  #lastAddress = "";
  #queuedCount = 0;
  readonly #selections: Selection[] = [];

  /** Becomes the client's stage. */
  constructor(context: RedisContext, client: LocalClient, keeper: ScriptKeeper) {
    this.#context = context;
    this.#client = client;
    this.#scripts = new ScriptWait(keeper, client);
    this.#words = context.backends.watch.isOn ? new QueuedWords() : null;
    addStage(client, StageRank.Transaction, this);
  }

  /** The connection that watches, or is about to; or null. */
  get link(): DedicatedLink | null {
    return this.#link;
  }

  /** Whether keys were watched over a connection that is lost. */
  get isWatchLost(): boolean {
    return this.#isWatchLost;
  }

  /** Whether MULTI went to the server: from then on no pause holds it back. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  get heldBytes(): number {
    return this.#held.heldBytes;
  }

  /** Requests queued since MULTI; -1 before it. */
  get queuedCount(): number {
    return this.#isOpen ? this.#queuedCount : -1;
  }

  /** Keys that WATCH has named; one that was named twice counts twice. */
  watchedCount = 0;

  /** MULTI: from now on requests are queued. */
  open(row: CommandRow): void {
    this.#multi = row;
    this.#isOpen = true;
  }

  /** Takes the connection over which keys are to be watched, or the error that says why there is none. */
  linkTo(place: number): DedicatedLink | Refused {
    const lost = () => this.lost();
    const link = DedicatedLink.open(this.#context, this.#client, { place, lost });
    if (link instanceof DedicatedLink) this.#link = link;
    return link;
  }

  /** A request behind MULTI was denied, or what was queued may not be run any more: EXEC aborts. */
  spoil(): void {
    if (this.#isOpen) this.#isDirty = true;
  }

  /** Nothing was watched after all: it is over. */
  drop(): void {
    this.#link = null;
    this.#end();
  }

  /** UNWATCH, or DISCARD, whose row it gets: the watched keys are let go, and it is over. */
  abandon(row: CommandRow): Uint8Array | null {
    const link = this.#link;
    this.#link = null;
    this.#end();
    if (link === null) return OK_REPLY;
    const late = this.#client.answerLater();
    const done = () => {
      // Closed or not, the connection has forgotten it.
      late.reply(OK_REPLY);
    };
    // A DISCARD before MULTI went out is an UNWATCH to the server.
    const isOwn = this.#isBegun || handlerOf(row) === "unwatch";
    cleanUp(
      link,
      this.#isBegun ? DISCARD : UNWATCH,
      this.#isMarked,
      done,
      isOwn ? row : null,
    );
    return null;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    if (!this.#isOpen) return this.#admitWatching(new LocalRequest(client, frame, bytes));
    if (frame.refusal !== null) {
      const isExec = handlerOf(frame.row) === "exec";
      return isExec
        ? this.#endWithout(frame.refusal)
        : this.#refuse(refusedInside(frame.row, frame.refusal));
    }
    switch (handlerOf(frame.row)) {
      case "exec":
        return this.#exec();
      case "discard": {
        const reply = this.abandon(frame.row!);
        return reply === null ? Verdict.Handled : this.#answer(reply);
      }
      case "multi":
        return this.#nested(replies.NESTED);
      case "watch":
        return this.#nested(replies.WATCH_INSIDE);
      case "quit":
      case "reset":
        return Verdict.Pass;
      default:
        return this.#queue(new LocalRequest(client, frame, bytes));
    }
  }

  onInputEnd(): boolean {
    return false;
  }

  onClose(): void {
    this.#scripts.end();
    this.#link?.close(failures.clientReset);
    this.#link = null;
  }

  /**
   * The invariants between two requests.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    if (stageOf(this.#client, StageRank.Transaction) !== this) {
      holds(this.#link === null, "a transaction that is over keeps no connection");
      return;
    }
    if (this.#isBegun) {
      holds(this.#isOpen, "what has begun was opened");
      holds(this.#held.heldBytes === 0, "what has begun holds nothing back");
      const isGone = this.#isDirty || this.#isWatchLost;
      holds(
        this.#link !== null || isGone,
        "what has begun has a connection, or knows that it is lost",
      );
    }
    if (!this.#isOpen) {
      holds(
        this.#held.heldBytes === 0 && this.#queuedCount === 0,
        "nothing is queued before MULTI",
      );
      holds(!this.#isDirty, "nothing is refused before MULTI");
    }
    holds(
      this.#selections.length <= this.#queuedCount,
      "each SELECT is one of the requests queued",
    );
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    return {
      isOpen: this.#isOpen,
      isBegun: this.#isBegun,
      isDirty: this.#isDirty,
      isWatchLost: this.#isWatchLost,
      isMarked: this.#isMarked,
      link: this.#link === null ? null : { place: this.#link.place },
      heldBytes: this.#held.heldBytes,
      queuedCount: this.#queuedCount,
      selections: this.#selections,
      watchedCount: this.watchedCount,
      lastFailure: this.#lastFailure?.name ?? null,
    };
  }

  #admitWatching({ client, frame, words }: LocalRequest): VerdictCode {
    if (frame.refusal !== null && handlerOf(frame.row) === "exec") {
      return this.#endWithout(frame.refusal);
    }
    if (handlerOf(frame.row) !== "select" || frame.refusal !== null) return Verdict.Pass;
    const database = readInteger(words[1]!);
    if (database === null || Number(database) === client.profiles.master.database) {
      return Verdict.Pass;
    }
    return this.#answer(replies.SELECT_WATCHING);
  }

  #queue(request: LocalRequest): VerdictCode {
    const { frame, bytes, client } = request;
    const { router, isCluster } = this.#context;
    if (router.shardsState === ShardsState.Awaited && isForAllServers(frame.row!)) {
      return Verdict.Wait;
    }
    const reason = whyNotQueued(frame.row!, router.shards().length, () => request.words);
    if (reason !== null) return this.#refuse(errorReply(reason));
    if (handlerOf(frame.row) === "select" && !this.#maySelect(request.words[1]!)) {
      return this.#refuse(replies.OUT_OF_RANGE);
    }
    // Nothing of it will run.
    if (this.#isDirty || this.#isWatchLost) return this.#answer(replies.QUEUED);
    const hasNoKeys = isKeyless(frame, isCluster);
    if (hasNoKeys && this.#link === null) return this.#hold(request);
    if (this.#mustWait()) return Verdict.Wait;
    const place = hasNoKeys ? this.#link!.place : commonPlace(frame, bytes, router);
    if (place === -1) return this.#refuse(failureReply(router.whyUnplaced(place), ""));
    const isApart = place === PLACES_DIFFER || (this.#link !== null && place !== this.#link.place);
    if (isApart) return this.#refuse(replies.KEYS_APART);
    if (this.#isPaused(place) || this.#awaitsServer(place)) return Verdict.Wait;
    this.#scripts.note(request);
    if (this.#awaitsScripts(place)) return Verdict.Wait;
    const refusal = this.#begin(place);
    if (refusal !== null) return this.#refuse(refusal);
    this.#note(request);
    const late = client.answerLater(true);
    const isCopied = frame.isRewritten;
    this.#link!.send(
      isCopied ? copyRequest(request) : bytes,
      {
        replied: (reply) => this.#queued(reply, late),
        failed: (failure, address) => this.#callFailed(late, failure, address),
      },
      isCopied ? { row: frame.row } : { start: frame.start, end: frame.end, row: frame.row },
    );
    return Verdict.Handled;
  }

  /** Whether earlier requests, which went elsewhere, or too many bytes are on their way. */
  #mustWait(): boolean {
    if (this.#isBegun) return this.#link !== null && this.#link.connection.isCongested;
    return this.#client.hasRequestsInFlight;
  }

  /** Whether the server is paused where the transaction would begin; one that has begun there goes on. */
  #isPaused(place: number): boolean {
    if (this.#isBegun) return false;
    const { backends: { orders }, router } = this.#context;
    if (!orders.isPausing || place < 0) return false;
    const backend = this.#link?.backend ?? router.backendAt(place);
    return backend !== null && orders.holds(backend.name, true);
  }

  /** Whether it has nothing to do with its server yet, which is waited for: `failover_wait`. */
  #awaitsServer(place: number): boolean {
    if (this.#link !== null) return false;
    return this.#context.router.beginnings?.mustWaitAt(this.#client, place) ?? false;
  }

  /** Whether the server of the transaction is about to be given its scripts. */
  #awaitsScripts(place: number): boolean {
    const { router } = this.#context;
    if (this.#link !== null) return this.#scripts.isDue(this.#link.backend);
    return this.#scripts.isDue(place < 0 ? null : router.backendAt(place));
  }

  /** What is no number, or no database of the server, is an element of EXEC's reply. */
  #maySelect(word: string): boolean {
    const database = Number(readInteger(word) ?? 0);
    return database <= DATABASE_NUMBER_MAX && this.#context.databases.mayUse(database);
  }

  #hold(request: LocalRequest): VerdictCode {
    const held = { bytes: copyRequest(request), row: request.frame.row! };
    if (!this.#held.add(held)) return this.#refuse(TOO_MUCH_HELD);
    this.#scripts.note(request);
    this.#note(request);
    return this.#answer(replies.QUEUED);
  }

  /** Counts a request that will be carried out. */
  #note(request: LocalRequest): void {
    if (handlerOf(request.frame.row) === "select") {
      const database = readInteger(request.words[1]!);
      if (database !== null) {
        this.#selections.push({ index: this.#queuedCount, database: Number(database) });
      }
    }
    this.#queuedCount += 1;
    this.#words?.note(request);
  }

  /**
   * Sends MULTI and what is held, unless that is done.
   *
   * @returns The error that says why it cannot be, or null.
   */
  #begin(place: number): Uint8Array | null {
    if (this.#isBegun) return null;
    const link = this.#link ?? this.linkTo(place);
    if (link instanceof Refused) return link.reply;
    this.#isBegun = true;
    const { version } = this.#client.profiles.master;
    if (link.connection.profile.version !== version) {
      // HELLO came between WATCH and MULTI.
      this.#isMarked = true;
      this.#sendAhead(requestBytes("HELLO", String(version)));
    }
    this.#sendAhead(MULTI, this.#multi);
    for (const { bytes, row } of this.#held.take()) this.#sendAhead(bytes, row);
    return this.#link === null ? failureReply(this.#lastFailure!, this.#lastAddress) : null;
  }

  /** Sends what the client was answered already; an error in the reply makes the backend's EXEC abort. */
  #sendAhead(request: Uint8Array, row: CommandRow | null = null): void {
    const listener: CallListener = {
      replied: () => {},
      failed: (failure, address) => this.#fail(failure, address),
    };
    this.#link?.send(request, listener, { row });
  }

  #queued(reply: CallReply, late: DeferredReply): void {
    const { exchange, bytes, start, end, isError, isOwned } = reply;
    if (!isError) return late.reply(bytes, reply.attributesStart, end, isOwned);
    const redirection = this.#context.router.learn(exchange, bytes, start, end).redirection;
    if (redirection === Redirection.None) return late.reply(bytes, start, end, isOwned);
    late.reply(replies.QUEUE_MOVED, 0, replies.QUEUE_MOVED.length);
  }

  #exec(): VerdictCode {
    if (this.#isDirty) return this.#endWithout(replies.EXEC_ABORT);
    const { version } = this.#client.profiles.master;
    if (this.#isWatchLost) return this.#endWithout(replies.execNull(version));
    if (this.#link === null && this.#held.size === 0) return this.#endWithout(EMPTY_ARRAY_REPLY);
    if (this.#mustWait()) return Verdict.Wait;
    const place = this.#link?.place ?? this.#context.router.anyPlace();
    if (this.#isPaused(place) || this.#awaitsServer(place)) return Verdict.Wait;
    if (this.#awaitsScripts(place)) return Verdict.Wait;
    const refusal = this.#begin(place);
    if (refusal !== null) {
      this.#isDirty = true;
      return this.#endWithout(refusal);
    }
    const late = this.#client.answerLater();
    this.#link!.send(
      EXEC,
      {
        replied: (reply) => this.#executed(reply, late),
        failed: (failure, address) => {
          this.#callFailed(late, failure, address);
          this.#end();
        },
      },
      { row: this.#client.lastRow, shownAs: this.#words?.asRequest() ?? null },
    );
    return Verdict.Handled;
  }

  #executed(reply: CallReply, late: DeferredReply): void {
    const { exchange, bytes, start, end, isError, isOwned } = reply;
    const { backends, router } = this.#context;
    const database = isError || this.#selections.length === 0
      ? null
      : databaseAfter(this.#selections, backends.protocol, bytes, start, end);
    if (database !== null) {
      this.#context.databases.add(database);
      this.#client.profiles = profilesOf(this.#client.profiles.master.version, database);
    }
    this.#scripts.executed(exchange.sentTo!, bytes, start, end);
    const isMoved = isError &&
      router.learn(exchange, bytes, start, end).redirection !== Redirection.None;
    const hasEnded = !isError || replies.isExecAbort(bytes, start);
    const isClean = hasEnded && !this.#isMarked && this.#selections.length === 0;
    if (isClean) this.#link?.giveBack();
    else this.#link?.close();
    this.#link = null;
    this.#end();
    if (isMoved) late.reply(replies.EXEC_MOVED, 0, replies.EXEC_MOVED.length);
    else late.reply(bytes, reply.attributesStart, end, isOwned);
  }

  /** It is over without EXEC at the backend; `reply` says how. */
  #endWithout(reply: Uint8Array): VerdictCode {
    const link = this.#link;
    this.#link = null;
    if (link !== null) cleanUp(link, this.#isBegun ? DISCARD : UNWATCH, this.#isMarked, () => {});
    this.#end();
    return this.#answer(reply);
  }

  #end(): void {
    this.#scripts.end();
    removeStage(this.#client, StageRank.Transaction);
  }

  #refuse(reply: Uint8Array): VerdictCode {
    this.#isDirty = true;
    return this.#answer(this.#context.servers.inTheirWords(reply));
  }

  /** MULTI or WATCH inside MULTI. */
  #nested(reply: Uint8Array): VerdictCode {
    const { servers } = this.#context;
    if (servers.kind.ways.abortsNested) return this.#refuse(reply);
    return this.#answer(servers.inTheirWords(reply));
  }

  #answer(reply: Uint8Array): VerdictCode {
    this.#client.reply(reply);
    return Verdict.Handled;
  }

  #callFailed(late: DeferredReply, failure: Failure, address: string): void {
    this.#fail(failure, address);
    late.fail(failure, address);
  }

  /** What the backend knows of the transaction is unknown from now on. */
  #fail(failure: Failure, address: string): void {
    this.#lastFailure = failure;
    this.#lastAddress = address;
    this.#isDirty = true;
    // What is in flight behind it fails for the same reason.
    this.#link?.close(failure);
    this.#link = null;
  }

  /** What the backend knows is gone. */
  lost(): void {
    this.#link?.close();
    this.#link = null;
    if (this.#isBegun) this.#isDirty = true;
    else this.#isWatchLost = true;
  }
}
