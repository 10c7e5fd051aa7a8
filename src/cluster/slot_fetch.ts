/**
 * One attempt to learn the slot map: asks node after node until one answers with a usable map. A node that
 * hangs does not hold up the others: the next one is asked a moment later.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { BackendConnection } from "../backend/connection.ts";
import { formatEndpoint, type TcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { SLOT_COUNT } from "../hash/mod.ts";
import type { TurnTask } from "../net/flush_queue.ts";
import { ClusterMetrics } from "../observe/cluster_metrics.ts";
import { Log } from "../observe/log.ts";
import { type Exchange, NOBODY, type ReplyReceiver } from "../request/exchange.ts";
import type { SlotRange } from "../worker/messages.ts";

/** A node that has not answered for so long, milliseconds, gets company: the next one is asked. */
export const STAGGER_MS = 200;
/** Nodes asked at the same time. */
export const ASKED_AT_ONCE_MAX = 4;
/** Longest wait for a node's answer, milliseconds. */
export const ANSWER_TIMEOUT_MS = 2_000;
/** A map of a thousand nodes with every slot for itself is shorter than this, bytes. */
export const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;
/** Maps with gaps that are compared before the fullest is taken. */
export const PARTIAL_MAPS_MAX = 3;
/** Characters of a reply that is no map in the reason of a failed fetch. */
const SHOWN_CHARACTERS = 80;
/** Reasons kept of a failed fetch. */
const REASONS_MAX = 4;

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
  parseAddress(address: string): TcpEndpoint | null;
}

/** Hears how a fetch ended; one call, once, unless it was stopped. */
export interface SlotFetchListener {
  /** `from` is the address of the node that answered. */
  fetched(ranges: SlotRange[], from: string): void;
  /** `reasons` say of the first nodes what was wrong with each. */
  fetchFailed(reasons: readonly string[]): void;
}

/** Number of slots in ranges that do not overlap. */
export function countSlots(ranges: readonly SlotRange[]): number {
  let count = 0;
  for (const { first, last } of ranges) count += last - first + 1;
  return count;
}

/** Asks the nodes in the order given. */
export class SlotFetch implements TurnTask {
  readonly #nodes: readonly string[];
  readonly #dialect: SlotDialect;
  readonly #context: BackendContext;
  readonly #listener: SlotFetchListener;
  readonly #questions = new Set<SlotQuestion>();
  readonly #reasons: string[] = [];
  #asked = 0;
  #partialMaps = 0;
  #fullest: { ranges: SlotRange[]; from: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #askNext = () => this.#ask();

  constructor(
    nodes: readonly string[],
    dialect: SlotDialect,
    context: BackendContext,
    listener: SlotFetchListener,
  ) {
    this.#nodes = nodes;
    this.#dialect = dialect;
    const { dialTimeoutMs } = context.limits;
    this.#context = {
      ...context,
      // Nodes that do not answer are expected here; the topology says so once when none does.
      log: new Log("error", () => {}),
      // What is counted are clients' requests.
      metrics: new ClusterMetrics(context.metrics.cluster),
      backendUnreachable: () => {},
      limits: {
        ...context.limits,
        dialTimeoutMs: Math.min(dialTimeoutMs, ANSWER_TIMEOUT_MS),
        readTimeoutMs: ANSWER_TIMEOUT_MS,
      },
    };
    this.#listener = listener;
  }

  /** Asks the first node. */
  start(): void {
    this.#ask();
  }

  /** Ends it; the listener hears nothing any more. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const question of this.#questions) question.close(failures.shuttingDown);
    this.#questions.clear();
  }

  /** A node answered with a map. */
  answered(question: SlotQuestion, ranges: SlotRange[]): void {
    this.#settle(question);
    if (this.#isOver) return;
    const from = formatEndpoint(question.node);
    const slots = countSlots(ranges);
    if (slots === 0 || slots > SLOT_COUNT) {
      return this.#goOn(question, slots === 0 ? "knows of no slots" : "map overlaps itself");
    }
    this.#partialMaps += 1;
    if (this.#fullest === null || slots > countSlots(this.#fullest.ranges)) {
      this.#fullest = { ranges, from };
    }
    if (slots < SLOT_COUNT && this.#partialMaps < PARTIAL_MAPS_MAX) {
      return this.#goOn(question, "map has gaps");
    }
    this.#conclude();
  }

  /** A node gave no map. */
  failed(question: SlotQuestion, reason: string): void {
    this.#settle(question);
    if (!this.#isOver) this.#goOn(question, reason);
  }

  /** The connection closes behind this turn: it may be in the middle of a delivery. */
  #settle(question: SlotQuestion): void {
    this.#questions.delete(question);
    this.#context.engine.flushQueue.defer(question);
  }

  runAtTurnEnd(): void {
    this.#ask();
  }

  #goOn({ node }: SlotQuestion, reason: string): void {
    this.#explain(formatEndpoint(node), reason);
    this.#context.engine.flushQueue.defer(this);
  }

  #explain(address: string, reason: string): void {
    if (this.#reasons.length < REASONS_MAX) this.#reasons.push(`${address}: ${reason}`);
  }

  #ask(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    let hasAsked = false;
    while (
      !hasAsked && this.#asked < this.#nodes.length && this.#questions.size < ASKED_AT_ONCE_MAX
    ) {
      hasAsked = this.#askNode(this.#nodes[this.#asked]!);
      this.#asked += 1;
    }
    if (this.#questions.size === 0) this.#conclude();
    else if (this.#asked < this.#nodes.length) {
      this.#timer = setTimeout(this.#askNext, STAGGER_MS);
    }
  }

  #askNode(address: string): boolean {
    const node = this.#dialect.parseAddress(address);
    if (node === null) {
      this.#explain(address, "no usable address");
      return false;
    }
    const question = new SlotQuestion(this, node, this.#dialect, this.#context);
    this.#questions.add(question);
    question.ask();
    return true;
  }

  #conclude(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const question of this.#questions) this.#settle(question);
    if (this.#fullest === null) this.#listener.fetchFailed(this.#reasons);
    else this.#listener.fetched(this.#fullest.ranges, this.#fullest.from);
  }
}

/** One node, asked over a connection of its own. */
class SlotQuestion implements ReplyReceiver, TurnTask {
  generation = 0;
  readonly node: TcpEndpoint;
  readonly #fetch: SlotFetch;
  readonly #dialect: SlotDialect;
  readonly #context: BackendContext;
  readonly #connection: BackendConnection;
  #isSettled = false;

  constructor(
    fetch: SlotFetch,
    node: TcpEndpoint,
    dialect: SlotDialect,
    context: BackendContext,
  ) {
    this.node = node;
    this.#fetch = fetch;
    this.#dialect = dialect;
    this.#context = context;
    const backend = new Backend({ endpoint: node }, context);
    const profile = NOBODY.profiles.master;
    this.#connection = new BackendConnection(backend, profile, context, { keepsBackoff: false });
  }

  ask(): void {
    const exchange = this.#context.requests.takeExchange();
    exchange.begin(this, 0, 0, true, NOBODY);
    const { slotsRequest } = this.#dialect;
    this.#connection.send(exchange, slotsRequest, 0, slotsRequest.length);
  }

  runAtTurnEnd(): void {
    this.close(failures.backendRemoved);
  }

  close(failure: Failure): void {
    this.#isSettled = true;
    this.#connection.close(failure);
  }

  onReply(_exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const ranges = this.#dialect.readSlots(bytes, start, end, this.node.hostname);
    if (ranges !== null) this.#fetch.answered(this, ranges);
    else this.#fetch.failed(this, `answered ${shown(bytes, start, end)}`);
  }

  onFailure(_exchange: Exchange, failure: Failure, _address: string): void {
    this.#fail(failure.text);
  }

  onLargeReply(_exchange: Exchange, byteCount: number): void {
    if (byteCount > ANSWER_LIMIT_BYTES) this.#fail("answer is too long");
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}

  #fail(reason: string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#fetch.failed(this, reason);
  }
}

function shown(bytes: Uint8Array, start: number, end: number): string {
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 512)));
  return JSON.stringify(text.trimEnd().slice(0, SHOWN_CHARACTERS));
}
