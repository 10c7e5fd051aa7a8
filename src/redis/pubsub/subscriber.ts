/**
 * One client's subscriptions. While it has any it is a stage before the client's requests: in RESP2, where
 * messages and replies cannot be told apart, few are allowed.
 *
 * @module
 */
import { CommandFlag, fitsArity } from "../../protocol/command_table.ts";
import { descriptionOf } from "../../protocol/resp/commands/custom.ts";
import { handlerOf } from "../../protocol/resp/commands/handlers.ts";
import type { LongTask } from "../../net/turn_budget.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
} from "../../protocol/resp/write/replies.ts";
import { byteErrorReply } from "../../protocol/resp/write/replies.ts";
import {
  type ClientStage,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import { removeStage, stageOf, StageRank } from "../core/stage_chain.ts";
import { LocalRequest } from "../core/local_request.ts";
import type { Hub, SubscriptionTask } from "./hub.ts";
import { type Topic, TopicKind, type TopicKindCode } from "./topic.ts";

/** Pieces of work that a subscription takes when its client leaves. */
const PIECES_TO_LEAVE = 3;

/** One client's subscriptions, and what it may still ask while it has any (in RESP2 few commands). */
export class Subscriber implements LongTask, ClientStage {
  isQueued = false;
  /** Whether it has left all topics: it hears nothing any more, although it may take a while to go from all lists. */
  isGone = false;
  readonly client: LocalClient;
  /** The request of this client that is under way, if one is. */
  task: SubscriptionTask | null = null;
  readonly #hub: Hub;
  /** By kind. */
  readonly #topics: readonly Set<Topic>[] = [new Set(), new Set(), new Set()];
  /** The topics whose lists still have it, once it is gone. */
  #left: Iterator<Topic> | null = null;

  constructor(client: LocalClient, hub: Hub) {
    this.client = client;
    this.#hub = hub;
  }

  /** Subscriptions of all kinds. */
  get size(): number {
    return this.isGone ? 0 : this.#topics.reduce((sum, topics) => sum + topics.size, 0);
  }

  get heldBytes(): number {
    return this.#hub.bytesOf(this.size) + (this.task?.byteCount ?? 0);
  }

  /** What a confirmation of this kind counts: shard channels by themselves, the others together. */
  countFor(kind: TopicKindCode): number {
    const [channels, patterns, shardChannels] = this.#topics;
    return kind === TopicKind.ShardChannel ? shardChannels!.size : channels!.size + patterns!.size;
  }

  /** The topics that it has of one kind. */
  topics(kind: TopicKindCode): ReadonlySet<Topic> {
    return this.#topics[kind]!;
  }

  /** Whether it has a topic. */
  has(topic: Topic): boolean {
    return topic.subscribers.has(this);
  }

  /** Takes part in a topic from now on. */
  add(topic: Topic): void {
    if (this.has(topic)) return;
    topic.subscribers.add(this);
    this.#topics[topic.kind]!.add(topic);
    this.#hub.subscriptionChanged(topic.kind, 1);
    // The last requests of a client that sends no more are answered all the same.
    if (this.isGone) this.#hub.goOn(this);
  }

  /** Takes part no more. */
  remove(topic: Topic): void {
    if (!topic.subscribers.delete(this)) return;
    this.#topics[topic.kind]!.delete(topic);
    this.#hub.subscriptionChanged(topic.kind, -1);
    this.#hub.release(topic);
  }

  /** The request under way is answered. Takes the stage away from a client that has nothing. */
  taskEnded(): void {
    this.task = null;
    if (this.size > 0) return;
    if (stageOf(this.client, StageRank.Subscriptions) === this) {
      removeStage(this.client, StageRank.Subscriptions);
    }
  }

  /** Goes from the lists of the topics that it has left. */
  work(pieces: number): number {
    this.#left ??= this.#allTopics();
    let done = 0;
    while (done < pieces) {
      const topic: Topic | undefined = this.#left.next().value;
      if (topic === undefined) {
        this.#left = null;
        for (const topics of this.#topics) topics.clear();
        break;
      }
      topic.subscribers.delete(this);
      this.#hub.subscriptionChanged(topic.kind, -1);
      this.#hub.release(topic);
      done += PIECES_TO_LEAVE + topic.wanted.length - 1;
    }
    return done;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    // Nothing shall come behind its reply.
    if (handlerOf(frame.row) === "quit") this.#leaveAll();
    if (client.profiles.master.version === 3 || this.size === 0) return Verdict.Pass;
    const { row } = frame;
    // Of an unknown command and a wrong number of words a server speaks first.
    if (row === null || !fitsArity(frame.argumentCount, row.arity)) return Verdict.Pass;
    const isPing = handlerOf(row) === "ping";
    const isAllowed = (row.flags & CommandFlag.Subscribed) !== 0;
    if (isAllowed && !isPing) return Verdict.Pass;
    const request = new LocalRequest(client, frame, bytes);
    const reply = isPing ? pong(request) : refusal(request);
    client.reply(reply);
    return Verdict.Handled;
  }

  onInputEnd(): boolean {
    // What it may send is the same to its last request. Messages end when it is closed, and do not put that off.
    return false;
  }

  onClose(): void {
    const { task } = this;
    this.task = null;
    task?.abandon();
    this.#leaveAll();
  }

  #leaveAll(): void {
    if (this.isGone) return;
    const pieces = PIECES_TO_LEAVE * this.size;
    this.isGone = true;
    this.#hub.runOrQueue(this, pieces);
  }

  *#allTopics(): Generator<Topic> {
    for (const topics of this.#topics) yield* topics;
  }
}

/** PING's reply where only arrays may come. */
function pong(request: LocalRequest): Uint8Array {
  if (request.wordCount > 2) return arityError("ping");
  const word = request.wordCount === 1 ? new Uint8Array(0) : request.raw(1);
  return arrayReply([bulkReply("pong"), bulkBytesReply(word, 0, word.length)]);
}

function refusal({ frame, words }: LocalRequest): Uint8Array {
  const row = frame.row!;
  const { name } = row;
  const isSubcommand = descriptionOf(row).subcommands.length > 0 && words.length > 1;
  const fullName = isSubcommand ? `${name}|${words[1]!.toLowerCase()}` : name;
  // Whatever is wrong with EXEC ends the transaction.
  const code = handlerOf(row) === "exec" ? "EXECABORT Transaction discarded because of:" : "ERR";
  return byteErrorReply(
    `${code} Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / ` +
      "RESET are allowed in this context",
  );
}
