/**
 * One request to several servers, whose replies are all looked at before the client is answered.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { Failure } from "../failure.ts";
import type { Profile } from "../protocol/protocol.ts";
import type { RequestPool } from "../request/pool.ts";
import type { Exchange, ReplyReceiver } from "../request/exchange.ts";
import type { LocalClient } from "../session/stages.ts";

/** What one server made of it. */
export interface ServerReply {
  readonly backend: Backend;
  /** A copy of the reply; empty where none came. */
  readonly bytes: Uint8Array;
  /** Why none came, or null. */
  readonly failure: Failure | null;
}

/**
 * Sends `request` to each server, over the client's usual connection or one of `profile`; `done` is called once, with the replies
 * in the order of the servers, perhaps before this returns.
 */
export function callServers(
  requests: RequestPool,
  client: LocalClient,
  servers: readonly Backend[],
  request: Uint8Array,
  done: (replies: readonly ServerReply[]) => void,
  profile: Profile = client.profiles.master,
): void {
  if (servers.length === 0) return done([]);
  const replies: ServerReply[] = [];
  let dueCount = servers.length;
  for (const [index, backend] of servers.entries()) {
    const receiver = new CallReceiver((bytes, failure) => {
      replies[index] = { backend, bytes, failure };
      dueCount -= 1;
      if (dueCount === 0) done(replies);
    });
    const exchange = requests.takeExchange();
    exchange.begin(receiver, 0, -1, true, client);
    backend.connectionFor(client.number, profile).send(exchange, request, 0, request.length);
  }
}

class CallReceiver implements ReplyReceiver {
  generation = 0;
  readonly #settle: (bytes: Uint8Array, failure: Failure | null) => void;

  constructor(settle: (bytes: Uint8Array, failure: Failure | null) => void) {
    this.#settle = settle;
  }

  onReply(_exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    this.#settle(bytes.slice(start, end), null);
  }

  onFailure(_exchange: Exchange, failure: Failure, _address: string): void {
    this.#settle(NOTHING, failure);
  }

  onLargeReply(_exchange: Exchange, _byteCount: number): void {}

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}
}

const NOTHING = new Uint8Array(0);
