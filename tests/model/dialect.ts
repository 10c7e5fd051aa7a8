/**
 * What the model test needs of a protocol: random requests of one client, each with a judge for its
 * reply.
 *
 * @module
 */
import type { ReplyReader } from "./reply_reader.ts";

/** One request on its way. */
export interface IssuedRequest<Reply> {
  readonly bytes: Uint8Array;
  /** No reply comes. */
  readonly isQuiet: boolean;
  /**
   * Its reply came.
   *
   * @throws {Violation} If no such reply is possible.
   */
  replied(reply: Reply): void;
  /** No reply came, or none that says so: it may have run, may run later, or never. */
  unanswered(): void;
  /** It is quiet, and the reply to a later request came. */
  passed(): void;
  /** For messages. */
  describe(): string;
}

/** What a run expects of replies. */
export interface Expectations {
  /** No fault is injected: every request succeeds, and quiet requests as well. */
  readonly isCalm: boolean;
  /** Slots move, so that requests of many keys can meet them half moved. */
  readonly movesSlots: boolean;
  /** Keys share this many hash tags; 0: some keys of a client share one. */
  readonly tagCount: number;
  /**
   * Only whose values come back is checked: keys may move between servers, or reads go to replicas.
   */
  readonly isWeak: boolean;
  /** Shares of values above 1 KB and above 64 KB, 0 to 1. */
  readonly mediumShare: number;
  readonly largeShare: number;
}

/** Where replies are counted. */
export interface ReplyTally {
  /** A good reply. */
  succeeded(): void;
  /** An error reply of the proxy or of a backend. */
  failed(text: string): void;
}

/** One client's side of a protocol. Its keys live as long as it does, over all its connections. */
export interface Dialect<Reply> {
  /** A connection begins. */
  connected(): void;
  /** The next request. */
  next(): IssuedRequest<Reply>;
  /** The request that ends a connection from the server's side, with its reply if it has one. */
  farewell(): IssuedRequest<Reply>;
  createReader(): ReplyReader<Reply>;
  /** A server lost its data: keys in use are judged weakly and replaced. */
  forgetKeys(): void;
}
