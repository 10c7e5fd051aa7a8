/**
 * One attempt to learn the slot map: asks node after node until one answers with a usable map.
 *
 * @module
 */
import { Backend, type BackendAddress } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { BackendConnection } from "../backend/connection.ts";
import { type Failure, failures } from "../failure.ts";
import { Log } from "../observe/log.ts";
import { type Exchange, NOBODY, type ReplyReceiver } from "../request/exchange.ts";
import type { SlotRange } from "../worker/messages.ts";

/** The words that ask for the slot map. */
export interface SlotDialect {
  /** The request. */
  readonly slotsRequest: Uint8Array;
  /** The map in the reply, or null if it is not one. `askedHost` stands in where the reply leaves a host out. */
  readSlots(
    bytes: Uint8Array,
    start: number,
    end: number,
    askedHost: string,
  ): SlotRange[] | null;
  /** Splits `host:port`. */
  parseAddress(address: string): BackendAddress | null;
}

/** Hears how a fetch ended; one call, once, unless it was stopped. */
export interface SlotFetchListener {
  fetched(ranges: SlotRange[], from: string): void;
  fetchFailed(): void;
}

/** Asks the nodes in turn, beginning at a random one so that no node gets all the questions. */
export class SlotFetch implements ReplyReceiver {
  generation = 0;
  readonly #nodes: readonly string[];
  readonly #dialect: SlotDialect;
  readonly #context: BackendContext;
  readonly #listener: SlotFetchListener;
  readonly #first: number;
  #asked = 0;
  #node: BackendAddress | null = null;
  #connection: BackendConnection | null = null;
  #isOver = false;

  constructor(
    nodes: readonly string[],
    dialect: SlotDialect,
    context: BackendContext,
    listener: SlotFetchListener,
  ) {
    this.#nodes = nodes;
    this.#dialect = dialect;
    // Nodes that do not answer are expected here; the topology says so once when none does.
    const log = new Log("error", () => {});
    this.#context = { ...context, log, backendUnreachable: () => {} };
    this.#listener = listener;
    this.#first = Math.floor(Math.random() * nodes.length);
  }

  /** Asks the first node. */
  start(): void {
    this.#askNext();
  }

  /** Ends it; the listener hears nothing any more. */
  stop(): void {
    this.#isOver = true;
    this.#connection?.close(failures.shuttingDown);
  }

  onReply(_exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return;
    const ranges = this.#dialect.readSlots(bytes, start, end, this.#node!.hostname);
    if (ranges === null || ranges.length === 0) return this.#askNextLater();
    this.#isOver = true;
    const connection = this.#connection!;
    // Not within the connection's own delivery.
    queueMicrotask(() => connection.close(failures.backendRemoved));
    this.#listener.fetched(ranges, this.#node!.address);
  }

  onFailure(_exchange: Exchange, _failure: Failure, _address: string): void {
    if (!this.#isOver) this.#askNextLater();
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}

  onLargeReply(_exchange: Exchange, _byteCount: number): void {}

  /** Goes on behind this turn: the connection that has just failed is still being taken down. */
  #askNextLater(): void {
    queueMicrotask(() => this.#askNext());
  }

  #askNext(): void {
    this.#connection?.close(failures.backendRemoved);
    this.#connection = null;
    if (this.#isOver) return;
    while (this.#asked < this.#nodes.length) {
      const address = this.#nodes[(this.#first + this.#asked) % this.#nodes.length]!;
      this.#asked += 1;
      this.#node = this.#dialect.parseAddress(address);
      if (this.#node !== null) return this.#ask(this.#node);
    }
    this.#isOver = true;
    this.#listener.fetchFailed();
  }

  #ask(node: BackendAddress): void {
    const backend = new Backend(node, this.#context);
    const { limits, requests } = this.#context;
    const connection = new BackendConnection(
      backend,
      NOBODY.profiles.master,
      this.#context,
      limits,
      false,
    );
    this.#connection = connection;
    const exchange = requests.takeExchange();
    exchange.begin(this, 0, 0, true, NOBODY);
    const { slotsRequest } = this.#dialect;
    connection.send(exchange, slotsRequest, 0, slotsRequest.length);
  }
}
