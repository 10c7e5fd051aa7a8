/**
 * One attempt to learn the slot map: asks node after node until what they say is believed. A node that hangs does
 * not hold up the others: the next one is asked a moment later.
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
import { type Exchange, NOBODY, type ReplyReceiver } from "../request/exchange.ts";
import { quietContext } from "./quiet_context.ts";
import { countSlots, type Judgement, type SlotView } from "./slot_ledger.ts";

/** A node that has not answered for so long, milliseconds, gets company: the next one is asked. */
export const STAGGER_MS = 200;
/** Nodes asked at the same time. */
export const ASKED_AT_ONCE_MAX = 4;
/** Nodes that are asked in all: who has not been heard by then says nothing that counts. */
export const ASKED_MAX = 64;
/** Longest wait for a node's answer, milliseconds. */
export const ANSWER_TIMEOUT_MS = 2_000;
/** A map of a thousand nodes with every slot for itself is shorter than this, bytes. */
export const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;
/** Characters of a reply that is no map in the reason of a failed fetch. */
const SHOWN_CHARACTERS = 80;
/** Reasons kept of a failed fetch. */
const REASONS_MAX = 4;

/** The words that ask for the slot map. */
export interface SlotDialect {
  /** The requests that make a view, sent at once. */
  readonly viewRequests: readonly Uint8Array[];
  /** One more, for nodes that take it. */
  readonly furtherViewRequest: Uint8Array;
  /**
   * The view that replies to these requests show; null if they show none, "more" where it takes the further request.
   * `askedHost` stands in where they leave a host out; `usesTls` says which of a node's ports is meant.
   */
  readView(
    replies: readonly Uint8Array[],
    askedHost: string,
    usesTls?: boolean,
  ): SlotView | null | "more";
  /** Splits `host:port`. */
  parseAddress(address: string): TcpEndpoint | null;
}

/** Hears how a fetch ended, once, unless it was stopped; before that it weighs what nodes say. */
export interface SlotFetchListener {
  /** Weighs the views so far; see {@link SlotLedger.judge}. */
  judge(views: readonly SlotView[], isLast: boolean): Judgement;
  /** What is believed. `from` is the address of the node that answered last. */
  fetched(judgement: Judgement, views: readonly SlotView[], from: string): void;
  /** `reasons` say of the first nodes what was wrong with each. */
  fetchFailed(reasons: readonly string[]): void;
  /** A node has answered, and not with a map. */
  passedOver(address: string, answer: string): void;
}

/** Asks the nodes in the order given. */
export class SlotFetch implements TurnTask {
  readonly #nodes: string[];
  readonly #dialect: SlotDialect;
  readonly #context: BackendContext;
  readonly #listener: SlotFetchListener;
  readonly #questions = new Set<SlotQuestion>();
  readonly #reasons: string[] = [];
  readonly #views: SlotView[] = [];
  #asked = 0;
  /** The node whose view came last. */
  #from = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #askNext = () => this.#ask();

  constructor(
    nodes: readonly string[],
    dialect: SlotDialect,
    context: BackendContext,
    listener: SlotFetchListener,
  ) {
    this.#nodes = [...nodes];
    this.#dialect = dialect;
    this.#context = quietContext(context, ANSWER_TIMEOUT_MS);
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

  /** A node answered with its view. */
  answered(question: SlotQuestion, view: SlotView): void {
    this.#settle(question);
    if (this.#isOver) return;
    const slots = countSlots(view.ranges);
    if (slots === 0 || slots > SLOT_COUNT) {
      return this.#goOn(question, slots === 0 ? "knows of no slots" : "map overlaps itself");
    }
    // It goes by two names: its word is one word all the same.
    if (view.self !== "" && this.#views.some(({ self }) => self === view.self)) {
      return this.#goOn(question, "was asked by another name");
    }
    this.#views.push(view);
    this.#from = formatEndpoint(question.node);
    const judgement = this.#listener.judge(this.#views, false);
    if (!judgement.isOpen) return this.#conclude(judgement);
    this.#append(view);
    this.#goOn(question, "not believed alone");
  }

  /** Nodes that only this view knows are asked next: those that were known may all be gone. */
  #append({ ranges }: SlotView): void {
    const known = new Set(this.#nodes);
    const found = new Set(ranges.map(({ master }) => master).filter((node) => !known.has(node)));
    this.#nodes.splice(this.#asked, 0, ...found);
  }

  /** A node gave no map. */
  failed(question: SlotQuestion, reason: string): void {
    this.#settle(question);
    if (!this.#isOver) this.#goOn(question, reason);
  }

  /** A node answered with something else. */
  refused(question: SlotQuestion, answer: string): void {
    if (!this.#isOver) this.#listener.passedOver(formatEndpoint(question.node), answer);
    this.failed(question, `answered ${answer}`);
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
    while (!hasAsked && this.#hasMore && this.#questions.size < ASKED_AT_ONCE_MAX) {
      hasAsked = this.#askNode(this.#nodes[this.#asked]!);
      this.#asked += 1;
    }
    if (this.#questions.size === 0) this.#conclude();
    else if (this.#hasMore) {
      this.#timer = setTimeout(this.#askNext, STAGGER_MS);
    }
  }

  /** Whether there is somebody else to ask. */
  get #hasMore(): boolean {
    return this.#asked < Math.min(this.#nodes.length, ASKED_MAX);
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

  /** @param judgement What is believed, if that is known. */
  #conclude(judgement: Judgement | null = null): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const question of this.#questions) this.#settle(question);
    if (this.#views.length === 0) return this.#listener.fetchFailed(this.#reasons);
    const believed = judgement ?? this.#listener.judge(this.#views, true);
    this.#listener.fetched(believed, this.#views, this.#from);
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
  readonly #replies: Uint8Array[] = [];
  /** Replies that have not come. */
  #due = 0;
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
    for (const request of this.#dialect.viewRequests) this.#send(request);
  }

  #send(request: Uint8Array): void {
    const exchange = this.#context.requests.takeExchange();
    exchange.begin(this, 0, 0, true, NOBODY);
    this.#due += 1;
    this.#connection.send(exchange, request, 0, request.length);
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
    this.#replies.push(bytes.slice(start, end));
    this.#due -= 1;
    if (this.#due > 0) return;
    const view = this.#dialect.readView(
      this.#replies,
      this.node.hostname,
      (this.#context.tls ?? null) !== null,
    );
    if (view === "more") return this.#send(this.#dialect.furtherViewRequest);
    this.#isSettled = true;
    if (view !== null) this.#fetch.answered(this, view);
    else this.#fetch.refused(this, shown(this.#replies.at(-1)!));
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

function shown(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 512));
  return JSON.stringify(text.trimEnd().slice(0, SHOWN_CHARACTERS));
}
