/**
 * One client that waits in a blocking command, on a connection of its own that no timeout of the proxy cuts before the
 * command's own. If its connection is lost, that one is closed at once: the server takes nothing for it any more.
 *
 * The end of its input is not the end of the client: it gets what is there for it, but does not wait. If the end is
 * known before the command is sent, the command is sent so that it cannot block; if it comes later, the server is told
 * to end the wait. Then an element that the server has taken meanwhile is delivered, and a client that gets none is
 * closed, as a server closes it.
 *
 * In a sharded pool keys get another server when servers come or go. Nobody would push to where the client waits any
 * more: the wait is ended there in the same way, and goes on where the keys are.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import { type Failure, failures } from "../../failure.ts";
import { clusterDialect } from "../../protocol/resp/cluster/cluster_dialect.ts";
import { errorReply, failureReply, requestBytes } from "../../protocol/resp/write/replies.ts";
import { PLACES_DIFFER } from "../../router/common_place.ts";
import { NOTHING_LEARNED, Redirection } from "../../router/router.ts";
import {
  type ClientStage,
  type DeferredReply,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import type { BackendConnection } from "../../backend/connection.ts";
import type { Backend } from "../../backend/backend.ts";
import { type CallReply, sendCall } from "../core/dedicated_call.ts";
import { DedicatedLink } from "../core/dedicated_link.ts";
import type { RedisContext } from "../core/feature.ts";
import { addStage, removeStage, StageRank } from "../core/stage_chain.ts";
import { Refused } from "../core/refused.ts";
import { attempt, isNull } from "./attempt.ts";
import type { WaitingPlace } from "./waiting_place.ts";

/** Redirections that one blocking command follows. */
const REDIRECTS_MAX = 5;
const KEYS_APART = failureReply(failures.keysApart, "");
const MOVES_TOO_OFTEN = errorReply("TRYAGAIN the slot of these keys moves to and fro; try again");
const UNBLOCKED = errorReply("UNBLOCKED client unblocked via CLIENT UNBLOCK");
const CLIENT_ID = requestBytes("CLIENT", "ID");
/**
 * CLIENT UNBLOCKs sent one right behind the other: one that overtakes its command finds nobody blocked. Further ones
 * are sent at the clock's ticks.
 */
const UNBLOCKS_AT_ONCE = 8;

/** How CLIENT UNBLOCK ends a wait. */
export type UnblockMode = "TIMEOUT" | "ERROR";

const ZERO = 0x30;
/** Of a connection whose server does not tell its id. */
const NO_ID = "";

/** Ids that servers gave to connections: they stay as long as the connection. */
const knownIds = new WeakMap<BackendConnection, string>();

/** A blocking command as it is sent. */
export interface BlockingRequest {
  /** As the backend shall see it. */
  readonly bytes: Uint8Array;
  /** The command's name. */
  readonly command: string;
}

/** A client in a blocking command, with a connection of its own, until it has an element, the wait ends or it is gone. */
export class BlockedClient implements ClientStage, Watched {
  isWatched = false;
  readonly #context: RedisContext;
  readonly #client: LocalClient;
  readonly #request: BlockingRequest;
  readonly #place: WaitingPlace;
  readonly #waitLimitMs: number;
  #link: DedicatedLink | null = null;
  #late: DeferredReply | null = null;
  #redirects = 0;
  #isOver = false;
  /** The command was sent as it is: its server may let it wait. */
  #mayBlock = false;
  /** Its connection leads to a node that takes the slot over. */
  #isAsking = false;
  /** When a wait that shall end must have ended, milliseconds of the worker's clock; Infinity while it may last. */
  #endsByMs = Infinity;
  /** Why it must not wait, if that is not the end of its input. */
  #endReason: Failure | null = null;
  /** CLIENT UNBLOCKs sent to end the wait of a client that must not wait. */
  #unblocks = 0;
  #isUnblocking = false;
  /** CLIENT UNBLOCK was sent for the connection. */
  #isUnblocked = false;
  /** A CLIENT UNBLOCK that came before the command was sent. */
  #unblock: UnblockMode | null = null;
  /** The routing epoch under which the place of its keys was looked up last. */
  #epoch = 0;
  /** Its keys are elsewhere now: the wait shall end where it is, to go on there. */
  #isAtFormerNode = false;
  /** When the command was sent where it waits, real milliseconds of the worker's clock. */
  #sentAtMs = 0;
  /** It has waited elsewhere before. */
  #hasMoved = false;
  /** Somebody has asked for its end by CLIENT UNBLOCK. */
  #isToldToEnd = false;
  /** When the command's own timeout is over, milliseconds of the worker's clock: a wait that moves begins anew. */
  #waitsUntilMs = Infinity;

  /**
   * @param request The blocking command.
   * @param place Where its keys are.
   * @param waitLimitMs Longest wait for its reply, milliseconds; Infinity where there is none.
   */
  constructor(
    context: RedisContext,
    client: LocalClient,
    request: BlockingRequest,
    place: WaitingPlace,
    waitLimitMs: number,
  ) {
    this.#context = context;
    this.#client = client;
    this.#request = request;
    this.#place = place;
    this.#waitLimitMs = waitLimitMs;
  }

  /**
   * Sends the command.
   *
   * @returns The error that says why it cannot be sent, or null: it is answered later.
   */
  begin(): Uint8Array | null {
    const { backends, config } = this.#context;
    const link = this.#openAtKeys();
    if (link instanceof Refused) return link.reply;
    this.#waitsUntilMs = backends.clock.nowMs + this.#waitLimitMs - config.readTimeoutMs;
    this.#late = this.#client.answerLater();
    addStage(this.#client, StageRank.Blocking, this);
    backends.metrics.blockedClients += 1;
    backends.clock.watch(this);
    this.#send(link);
    return null;
  }

  get heldBytes(): number {
    return this.#request.bytes.length;
  }

  /** The connection over which it waits, or is about to; null between two of them. */
  get link(): DedicatedLink | null {
    return this.#link;
  }

  /** CLIENT UNBLOCK: the server ends the wait, as it alone knows whether something was taken meanwhile. */
  unblock(mode: UnblockMode, answered: (reply: CallReply | null) => void): void {
    this.#isToldToEnd = true;
    this.#tellServer(mode, answered);
  }

  #tellServer(mode: UnblockMode, answered: (reply: CallReply | null) => void): void {
    const link = this.#link;
    const id = link === null ? undefined : knownIds.get(link.connection);
    if (!this.#mayBlock) this.#unblock = mode;
    if (!this.#mayBlock || link === null || id === undefined || id === NO_ID) return answered(null);
    const connection = this.#usualConnection()!;
    const target = { connection, place: link.place, client: this.#client };
    // It may come late, and must not meet the next client of this connection.
    this.#isUnblocked = true;
    sendCall(this.#context, target, requestBytes("CLIENT", "UNBLOCK", id, mode), {
      replied: answered,
      failed: () => answered(null),
    });
  }

  onTick(nowMs: number): boolean {
    const link = this.#link;
    if (this.#isOver || link === null) return false;
    if (!link.backend.isServing) {
      // It gets no more elements: nobody is to wait there. The call fails with that.
      link.close(failures.backendEjected);
      return false;
    }
    if (this.#epoch !== this.#context.router.epoch) this.#lookUp(link);
    if (nowMs >= this.#endsByMs) this.#giveUp();
    else if (this.#mayBlock && this.#isToEnd) this.#unblockNow();
    return !this.#isOver;
  }

  /** Whether the server is to end the wait where it is. */
  get #isToEnd(): boolean {
    return this.#endsByMs < Infinity || this.#isAtFormerNode ||
      (this.#hasMoved && this.#isTimeOver);
  }

  /** Looks whether its keys are still where it waits. */
  #lookUp(link: DedicatedLink): void {
    this.#epoch = this.#context.router.epoch;
    this.#isAtFormerNode = this.#place.current !== link.place;
  }

  onRequest(): VerdictCode {
    return Verdict.Pass;
  }

  onInputEnd(): boolean {
    this.#endWait(null);
    return false;
  }

  onInputFull(): void {
    this.#endWait(failures.clientReadAhead);
  }

  onClose(): void {
    // What others send now must not reach the server before it hears of the end of the connection.
    if (this.#mayBlock && this.#usualConnection()?.isConnected) this.unblock("TIMEOUT", () => {});
    this.#link?.close(failures.clientReset);
    this.#end(false);
  }

  /** The connection that the client shares with others, to the server where it waits. */
  #usualConnection(): BackendConnection | null {
    const { number, profiles } = this.#client;
    return this.#link?.backend.connectionFor(number, profiles.master) ?? null;
  }

  get #mayWait(): boolean {
    return !this.#client.hasEnded && this.#endReason === null;
  }

  #endWait(reason: Failure | null): void {
    this.#endReason ??= reason;
    if (this.#endsByMs === Infinity) {
      const { dialTimeoutMs, readTimeoutMs } = this.#context.config;
      // There may be a connection to be made.
      this.#endsByMs = this.#context.backends.clock.nowMs + dialTimeoutMs + readTimeoutMs;
    }
    // What is not sent yet will be sent so that it cannot block.
    if (this.#mayBlock) this.#unblockNow();
  }

  /** Has the server end the wait; again and again, as it may hear of it before it hears of the command. */
  #unblockNow(): void {
    const link = this.#link;
    if (this.#isUnblocking || link === null) return;
    if (knownIds.get(link.connection) === NO_ID) {
      if (this.#mayWait) return link.close(failures.backendEjected);
      return this.#giveUp();
    }
    this.#isUnblocking = true;
    this.#unblocks += 1;
    this.#tellServer("TIMEOUT", (reply) => {
      // It may wait elsewhere by now.
      if (this.#link !== link) return;
      this.#isUnblocking = false;
      if (reply === null) return;
      if (reply.isError && !this.#mayWait) this.#giveUp();
      else if (reply.isError) link.close(failures.backendEjected);
      else if (reply.bytes[reply.start + 1] === ZERO && this.#unblocks < UNBLOCKS_AT_ONCE) {
        this.#unblockNow();
      }
    });
  }

  /** The server does not end the wait: the end of the connection does. */
  #giveUp(): void {
    this.#end(false);
    this.#close();
  }

  /** Closes a client that must not wait, and for which nothing is there. */
  #close(): void {
    if (this.#client.hasEnded || this.#endReason === null) this.#client.leave();
    else this.#client.close(this.#endReason);
  }

  /** A link to where its keys are now. */
  #openAtKeys(): DedicatedLink | Refused {
    const { current } = this.#place;
    if (current === PLACES_DIFFER) return new Refused(KEYS_APART);
    this.#epoch = this.#context.router.epoch;
    this.#isAtFormerNode = false;
    return this.#open(current);
  }

  #open(place: number, backend?: Backend): DedicatedLink | Refused {
    const link = DedicatedLink.open(this.#context, this.#client, {
      place,
      // Its calls fail first, and say all that is to be said.
      lost: () => {},
      ...(this.#mayWait ? { readTimeoutMs: this.#waitLimitMs } : {}),
      ...(backend === undefined ? {} : { backend }),
    });
    if (link instanceof DedicatedLink) this.#link = link;
    return link;
  }

  /** Sends the command; the id of the connection comes first, as nobody can end a wait without it. */
  #send(link: DedicatedLink): void {
    this.#mayBlock = false;
    if (knownIds.has(link.connection)) return this.#sendCommand(link);
    link.send(CLIENT_ID, {
      replied: (reply) => {
        knownIds.set(link.connection, idOf(reply));
        this.#sendCommand(link);
      },
      failed: (failure, address) => this.#failed(failure, address),
    });
  }

  #sendCommand(link: DedicatedLink): void {
    if (this.#isAtFormerNode) return this.#follow(link);
    this.#sentAtMs = this.#context.backends.clock.realMs;
    if (this.#mayWait && this.#unblock === null) return this.#sendAsItIs(link);
    this.#ask(link);
    attempt(link, this.#request.bytes, {
      replied: (reply) => this.#replied(link, reply),
      failed: (failure, address) => this.#failed(failure, address),
      refused: () => {
        this.#sendAsItIs(link);
        if (!this.#mayWait) this.#endWait(null);
      },
    });
  }

  #sendAsItIs(link: DedicatedLink): void {
    this.#mayBlock = true;
    this.#ask(link);
    link.send(this.#request.bytes, {
      replied: (reply) => this.#replied(link, reply),
      failed: (failure, address) => this.#failed(failure, address),
    });
  }

  #ask(link: DedicatedLink): void {
    if (!this.#isAsking) return;
    link.send(clusterDialect.asking, { replied: () => {}, failed: () => {} });
  }

  /** Sends the command over another connection, or answers with the error that says why there is none. */
  #goOn(next: DedicatedLink | Refused): void {
    if (!(next instanceof Refused)) return this.#send(next);
    this.#end(false);
    this.#answer(next.reply);
  }

  get #isTimeOver(): boolean {
    return this.#context.backends.clock.nowMs >= this.#waitsUntilMs;
  }

  /** Waits on where its keys are now. */
  #follow(link: DedicatedLink): void {
    this.#leave(link);
    this.#hasMoved = true;
    this.#goOn(this.#openAtKeys());
  }

  #answer(reply: Uint8Array): void {
    this.#late!.reply(reply);
  }

  #failed(failure: Failure, address: string): void {
    if (this.#isOver) return;
    this.#end(false);
    this.#late!.fail(failure, address);
  }

  #replied(link: DedicatedLink, reply: CallReply): void {
    const { exchange, bytes, start, end, isError, isOwned } = reply;
    const { router, backends } = this.#context;
    const waitedMs = backends.clock.realMs - this.#sentAtMs;
    link.backend.durations.recordWait(this.#request.command, waitedMs);
    if (isError) link.backend.errorReplies += 1;
    const learned = isError ? router.learn(exchange, bytes, start, end) : NOTHING_LEARNED;
    const { redirection } = learned;
    if (redirection === Redirection.None) {
      const isNothing = isNull(bytes, start);
      if (
        isNothing && this.#isAtFormerNode && !this.#isTimeOver && !this.#isToldToEnd &&
        this.#mayWait
      ) {
        return this.#follow(link);
      }
      this.#end(true);
      if (isNothing) {
        if (!this.#mayWait) return this.#close();
        // Nobody was blocked for the server to say so.
        if (!this.#mayBlock && this.#unblock === "ERROR") return this.#answer(UNBLOCKED);
      }
      return this.#late!.reply(bytes, reply.attributesStart, end, isOwned);
    }
    // The server has refused it: nothing has run.
    const asked = redirection === Redirection.Ask ? learned.asked : undefined;
    this.#leave(link);
    this.#redirects += 1;
    backends.metrics.redirects += 1;
    this.#isAsking = asked !== undefined;
    const isTooOften = this.#redirects > REDIRECTS_MAX || asked === null;
    this.#goOn(isTooOften ? new Refused(MOVES_TOO_OFTEN) : this.#open(link.place, asked));
  }

  /** Lets the next client have the connection, unless a CLIENT UNBLOCK may still come for it. */
  #leave(link: DedicatedLink): void {
    this.#link = null;
    if (this.#isUnblocked) link.close();
    else link.giveBack();
    this.#isUnblocked = false;
    this.#isUnblocking = false;
    this.#unblocks = 0;
  }

  #end(isClean: boolean): void {
    const link = this.#link;
    this.#link = null;
    if (!this.#isOver) {
      this.#isOver = true;
      this.#context.backends.metrics.blockedClients -= 1;
      removeStage(this.#client, StageRank.Blocking);
    }
    if (link !== null && isClean) this.#leave(link);
    else link?.close();
  }
}

function idOf({ bytes, start, end, isError }: CallReply): string {
  return isError ? NO_ID : new TextDecoder().decode(bytes.subarray(start + 1, end)).trim();
}
