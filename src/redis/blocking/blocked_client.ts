/**
 * One client that waits in a blocking command, on a connection of its own that no timeout of the proxy cuts before the
 * command's own. If it leaves, the connection is closed at once: the server takes nothing for it any more.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import { failures } from "../../failure.ts";
import { clusterDialect } from "../../protocol/resp/cluster_dialect.ts";
import { errorReply, requestBytes } from "../../protocol/resp/replies.ts";
import { Redirection } from "../../router/router.ts";
import {
  type LateReply,
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import type { BackendConnection } from "../../backend/connection.ts";
import type { Backend } from "../../backend/backend.ts";
import { type CallReply, sendCall } from "../dedicated_call.ts";
import { DedicatedLink } from "../dedicated_link.ts";
import type { RedisContext } from "../feature.ts";
import { addGuard, GuardRank, removeGuard } from "../guard_chain.ts";

/** Redirections that one blocking command follows. */
const REDIRECTS_MAX = 5;
const MOVES_TOO_OFTEN = errorReply("TRYAGAIN the slot of these keys moves to and fro; try again");
const CLIENT_ID = requestBytes("CLIENT", "ID");

/** How CLIENT UNBLOCK ends a wait. */
export type UnblockMode = "TIMEOUT" | "ERROR";

/** Ids that servers gave to connections: they stay as long as the connection. */
const knownIds = new WeakMap<BackendConnection, string>();

/** See above. */
export class BlockedClient implements SessionGuard, Watched {
  isWatched = false;
  readonly #context: RedisContext;
  readonly #client: LocalClient;
  readonly #request: Uint8Array;
  readonly #waitLimitMs: number;
  #link: DedicatedLink | null = null;
  #late: LateReply | null = null;
  #redirects = 0;
  #isOver = false;
  /** CLIENT UNBLOCK was sent for the connection. */
  #isUnblocked = false;
  /** A CLIENT UNBLOCK that waits for the server's id of the connection. */
  #unblock: UnblockMode | null = null;

  /**
   * @param request The blocking command, as the backend shall see it.
   * @param waitLimitMs Longest wait for its reply, milliseconds; Infinity where there is none.
   */
  constructor(
    context: RedisContext,
    client: LocalClient,
    request: Uint8Array,
    waitLimitMs: number,
  ) {
    this.#context = context;
    this.#client = client;
    this.#request = request;
    this.#waitLimitMs = waitLimitMs;
  }

  /**
   * Sends the command.
   *
   * @returns The error that says why it cannot be sent, or null: it is answered later.
   */
  begin(place: number): Uint8Array | null {
    const link = this.#open(place);
    if (link instanceof Uint8Array) return link;
    this.#late = this.#client.answerLater();
    addGuard(this.#client, GuardRank.Blocking, this);
    this.#context.backends.metrics.blockedClients += 1;
    this.#context.backends.clock.watch(this);
    this.#send(link, false);
    return null;
  }

  /** CLIENT UNBLOCK: the server ends the wait, as it alone knows whether something was taken meanwhile. */
  unblock(mode: UnblockMode, answered: (reply: CallReply | null) => void): void {
    const link = this.#link;
    const id = link === null ? undefined : knownIds.get(link.connection);
    if (link === null || id === undefined) {
      this.#unblock = mode;
      return answered(null);
    }
    const connection = link.backend.connectionFor(
      this.#client.number,
      this.#client.profiles.master,
    );
    const target = { connection, place: link.place, client: this.#client };
    // It may come late, and must not meet the next client of this connection.
    this.#isUnblocked = true;
    sendCall(this.#context, target, requestBytes("CLIENT", "UNBLOCK", id, mode), {
      replied: answered,
      failed: () => answered(null),
    });
  }

  /** A server that has left the ring gets no more elements: nobody is to wait there. */
  onTick(): boolean {
    const link = this.#link;
    if (this.#isOver || link === null) return false;
    if (link.backend.isServing) return true;
    // Its call fails with that.
    link.close(failures.backendEjected);
    return false;
  }

  admit(): VerdictCode {
    return Verdict.Pass;
  }

  inputEnded(): boolean {
    // A server takes it for gone as well.
    return true;
  }

  inputIsFull(): boolean {
    return true;
  }

  clientClosed(): void {
    this.#link?.close(failures.clientReset);
    this.#end(false);
  }

  #open(place: number, backend?: Backend): DedicatedLink | Uint8Array {
    const link = DedicatedLink.open(this.#context, this.#client, {
      place,
      // Its calls fail first, and say all that is to be said.
      lost: () => {},
      readTimeoutMs: this.#waitLimitMs,
      ...(backend === undefined ? {} : { backend }),
    });
    if (link instanceof DedicatedLink) this.#link = link;
    return link;
  }

  #send(link: DedicatedLink, isAsking: boolean): void {
    if (!knownIds.has(link.connection)) {
      link.send(CLIENT_ID, {
        replied: (reply) => this.#identified(link, reply),
        failed: () => {},
      });
    }
    const { asking } = clusterDialect;
    if (isAsking) link.send(asking, { replied: () => {}, failed: () => {} });
    link.send(this.#request, {
      replied: (reply) => this.#replied(link, reply),
      failed: (failure, address) => {
        this.#end(false);
        this.#late!.fail(failure, address);
      },
    });
  }

  #identified(link: DedicatedLink, { bytes, start, end, isError }: CallReply): void {
    if (isError) return;
    const id = new TextDecoder().decode(bytes.subarray(start + 1, end)).trim();
    knownIds.set(link.connection, id);
    const mode = this.#unblock;
    this.#unblock = null;
    if (mode !== null) this.unblock(mode, () => {});
  }

  #replied(link: DedicatedLink, reply: CallReply): void {
    const { exchange, bytes, start, end, isError, isOwned } = reply;
    const { router, backends } = this.#context;
    const redirection = isError ? router.learn(exchange, bytes, start, end) : Redirection.None;
    if (redirection === Redirection.None) {
      if (isError) backends.metrics.errorReplies += 1;
      this.#end(true);
      return this.#late!.reply(bytes, reply.attributesStart, end, isOwned);
    }
    // The server has refused it: nothing has run.
    const asked = redirection === Redirection.Ask ? router.asked : undefined;
    this.#leave(link);
    this.#redirects += 1;
    backends.metrics.redirects += 1;
    const next = this.#redirects > REDIRECTS_MAX || asked === null
      ? MOVES_TOO_OFTEN
      : this.#open(link.place, asked);
    if (!(next instanceof Uint8Array)) return this.#send(next, asked !== undefined);
    this.#end(false);
    this.#late!.reply(next, 0, next.length);
  }

  /** Lets the next client have the connection, unless a CLIENT UNBLOCK may still come for it. */
  #leave(link: DedicatedLink): void {
    this.#link = null;
    if (this.#isUnblocked) link.close();
    else link.giveBack();
  }

  #end(isClean: boolean): void {
    const link = this.#link;
    this.#link = null;
    if (link !== null && isClean) this.#leave(link);
    else link?.close();
    if (this.#late === null || this.#isOver) return;
    this.#isOver = true;
    this.#context.backends.metrics.blockedClients -= 1;
    removeGuard(this.#client, GuardRank.Blocking);
  }
}
