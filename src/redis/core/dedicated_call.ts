/**
 * One request over a connection that its client has to itself, and what is done with its reply.
 *
 * @module
 */
import type { BackendConnection } from "../../backend/connection.ts";
import { type Failure, failures } from "../../failure.ts";
import type { CommandRow } from "../../protocol/command_table.ts";
import type { Exchange, ReplyReceiver, RoutedClient } from "../../request/exchange.ts";
import type { RedisContext } from "./feature.ts";
import { isAnyLoginWanted } from "../login/login_wanted.ts";

/** A reply; its bytes are valid during the call only, unless `isOwned`. */
export interface CallReply {
  readonly exchange: Exchange;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly isError: boolean;
  readonly isOwned: boolean;
  /** Where the reply's RESP3 attributes begin, for whoever passes it on; mostly at `start`. */
  readonly attributesStart: number;
}

/** Hears what became of a call; exactly one of the two, once, perhaps before {@link sendCall} returns. */
export interface CallListener {
  replied(reply: CallReply): void;
  failed(failure: Failure, address: string): void;
}

/** Where a call goes, and for whom. */
export interface CallTarget {
  readonly connection: BackendConnection;
  /** The router's place of its keys. */
  readonly place: number;
  readonly client: RoutedClient;
  /** The row of the client's request, where this is all of it: then it is measured. Null if left out. */
  readonly row?: CommandRow | null;
  /** What the slow log shows instead of the request's own words; a request itself. */
  readonly shownAs?: Uint8Array | null;
}

/** A call that is under way. */
export interface PendingCall {
  /** Its listener hears nothing of it any more: its connection is given up, and that is nobody's failure. */
  forget(): void;
}

/** Sends the request in `bytes`, which are copied. */
export function sendCall(
  context: RedisContext,
  target: CallTarget,
  bytes: Uint8Array,
  listener: CallListener,
  start = 0,
  end: number = bytes.length,
): PendingCall {
  const exchange = context.backends.requests.takeExchange();
  const receiver = new CallReceiver(listener);
  exchange.begin(receiver, 0, target.place, false, target.client);
  if (target.row) exchange.measure(target.row, context.backends.clock.realMs);
  if (target.shownAs) exchange.head = target.shownAs;
  target.connection.send(exchange, bytes, start, end);
  return receiver;
}

class CallReceiver implements ReplyReceiver, PendingCall {
  generation = 0;
  readonly #listener: CallListener;

  constructor(listener: CallListener) {
    this.#listener = listener;
  }

  forget(): void {
    this.generation += 1;
  }

  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void {
    if (isError && isAnyLoginWanted(bytes, start, end)) {
      return this.#listener.failed(failures.backendLogin, exchange.sentTo!.shownAddress);
    }
    const attributesStart = start - exchange.attributeBytes;
    this.#listener.replied({ exchange, bytes, start, end, isError, isOwned, attributesStart });
  }

  onFailure(_exchange: Exchange, failure: Failure, address: string): void {
    this.#listener.failed(failure, address);
  }

  onLargeReply(_exchange: Exchange, _byteCount: number): void {
    // Whether it is too much for the client shows when it is whole: one large reply alone is let pass.
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}
}
