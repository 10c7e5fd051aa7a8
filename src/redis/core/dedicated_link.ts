/**
 * A connection to one backend that a client has to itself, from the place of a key to its end.
 *
 * @module
 */
import type { CommandRow } from "../../protocol/command_table.ts";
import type { Backend } from "../../backend/backend.ts";
import type { BackendConnection } from "../../backend/connection.ts";
import { type Failure, failures } from "../../failure.ts";
import { errorReply, failureReply } from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { type CallListener, type PendingCall, sendCall } from "./dedicated_call.ts";
import type { RedisContext } from "./feature.ts";
import { Refused } from "./refused.ts";

/** What a link is opened for. */
export interface LinkOptions {
  /** The router's place of its keys. */
  readonly place: number;
  /** Called once if the connection is lost before the link has ended, behind the failures of its calls. */
  readonly lost: () => void;
  /** Longest wait for one reply, milliseconds; `read_timeout` if left out. */
  readonly readTimeoutMs?: number;
  /** Where it leads, if not to the backend of the place. */
  readonly backend?: Backend;
}

const TOO_MANY = new Refused(errorReply(
  "ERR too many clients have a connection of their own (transactions and blocking commands); " +
    "try again, or raise dedicated_connections",
));

/** What is sent over a link, besides its bytes. */
export interface SendOptions {
  /** Where the request begins and ends in its bytes; all of them if left out. */
  readonly start?: number;
  readonly end?: number;
  /** The row of the client's request, where it is to be measured; null if left out. */
  readonly row?: CommandRow | null;
  /** What the slow log shows instead of it. */
  readonly shownAs?: Uint8Array | null;
}

interface LinkParts {
  readonly place: number;
  readonly backend: Backend;
  readonly connection: BackendConnection;
}

/** One such connection. */
export class DedicatedLink {
  readonly place: number;
  readonly backend: Backend;
  readonly connection: BackendConnection;
  readonly #context: RedisContext;
  readonly #client: LocalClient;
  /** Given back, closed, or lost: it must not connect anew, to a server that knows nothing of the client. */
  #isOver = false;

  private constructor(context: RedisContext, client: LocalClient, parts: LinkParts) {
    this.#context = context;
    this.#client = client;
    this.place = parts.place;
    this.backend = parts.backend;
    this.connection = parts.connection;
  }

  /** A link to the backend of a place, or the error that says why there is none. */
  static open(
    context: RedisContext,
    client: LocalClient,
    options: LinkOptions,
  ): DedicatedLink | Refused {
    const { router, dedicated } = context;
    const { place, lost, readTimeoutMs } = options;
    const placed = () => place < 0 ? null : router.backendAt(place);
    const backend = options.backend ?? placed();
    if (backend === null) return new Refused(failureReply(router.whyUnplaced(place), ""));
    const connection = dedicated.take(backend, client.profiles.master, readTimeoutMs);
    if (connection === null) return TOO_MANY;
    const link = new DedicatedLink(context, client, { place, backend, connection });
    dedicated.listen(connection, () => {
      link.#isOver = true;
      dedicated.discard(connection);
      lost();
    });
    return link;
  }

  /** Sends the request in `bytes`, which are copied. */
  send(bytes: Uint8Array, listener: CallListener, options: SendOptions = {}): PendingCall | null {
    const { connection, place } = this;
    const { start, end, row = null, shownAs = null } = options;
    if (this.#isOver) {
      listener.failed(failures.backendClosed, connection.backend.shownAddress);
      return null;
    }
    return sendCall(
      this.#context,
      { connection, place, client: this.#client, row, shownAs },
      bytes,
      listener,
      start,
      end,
    );
  }

  /** The client has left nothing behind on it: another may have it. */
  giveBack(): void {
    this.#isOver = true;
    this.#context.dedicated.giveBack(this.connection);
  }

  /** Nobody else may have it; what is in flight on it fails, by default as the backend's fault. */
  close(failure?: Failure): void {
    this.#isOver = true;
    this.#context.dedicated.discard(this.connection, failure);
  }
}
