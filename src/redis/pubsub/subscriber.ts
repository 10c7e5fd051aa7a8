/**
 * One client's subscriptions. While it has any it is a guard before the client's requests: in RESP2, where
 * messages and replies cannot be told apart, few are allowed.
 *
 * @module
 */
import { fitsArity } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { arityError, arrayReply, bulkBytesReply, bulkReply } from "../../protocol/resp/replies.ts";
import { byteErrorReply } from "../../protocol/resp/replies.ts";
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import { guardOf, GuardRank, removeGuard } from "../guard_chain.ts";
import { LocalRequest } from "../local_request.ts";
import type { Hub } from "./hub.ts";
import type { SubscribeWait } from "./subscribe_wait.ts";
import { type Topic, TopicKind, type TopicKindCode } from "./topic.ts";

/** What a subscriber in RESP2 may send besides PING. */
const ALLOWED = new Set([
  ...["subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe"],
  ...["quit", "reset"],
]);
/** Commands that errors name together with their subcommand. */
const CONTAINERS = new Set([
  ...["acl", "client", "cluster", "command", "config", "function", "latency", "memory", "module"],
  ...["object", "pubsub", "script", "slowlog", "xgroup", "xinfo"],
]);

/** See above. */
export class Subscriber implements SessionGuard {
  readonly client: LocalClient;
  /** The request that waits for its confirmations, if one does. */
  wait: SubscribeWait | null = null;
  readonly #hub: Hub;
  /** By kind. */
  readonly #topics: readonly Set<Topic>[] = [new Set(), new Set(), new Set()];

  constructor(client: LocalClient, hub: Hub) {
    this.client = client;
    this.#hub = hub;
  }

  /** Subscriptions of all kinds. */
  get size(): number {
    return this.#topics.reduce((sum, topics) => sum + topics.size, 0);
  }

  /** What a confirmation of this kind counts: shard channels by themselves, the others together. */
  countFor(kind: TopicKindCode): number {
    const [channels, patterns, shardChannels] = this.#topics;
    return kind === TopicKind.ShardChannel ? shardChannels!.size : channels!.size + patterns!.size;
  }

  /** The names it has of one kind. */
  names(kind: TopicKindCode): string[] {
    return [...this.#topics[kind]!].map((topic) => topic.name);
  }

  /** Whether it has a topic. */
  has(topic: Topic): boolean {
    return topic.subscribers.has(this);
  }

  /** Takes part in a topic from now on. */
  add(topic: Topic): void {
    topic.subscribers.add(this);
    this.#topics[topic.kind]!.add(topic);
  }

  /** Takes part no more. */
  remove(topic: Topic): void {
    if (!topic.subscribers.delete(this)) return;
    this.#topics[topic.kind]!.delete(topic);
    this.#hub.release(topic);
  }

  /** Takes the guard away from a client that has nothing. */
  restIfEmpty(): void {
    if (this.wait !== null || this.size > 0) return;
    if (guardOf(this.client, GuardRank.Subscriptions) === this) {
      removeGuard(this.client, GuardRank.Subscriptions);
    }
  }

  admit(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    // Nothing shall come behind its reply.
    if (frame.row?.name === "quit") this.#endAll();
    if (client.profiles.master.version === 3 || this.size === 0) return Verdict.Pass;
    const { row } = frame;
    // Of an unknown command and a wrong number of words a server speaks first.
    if (row === null || !fitsArity(frame.argumentCount, row.arity)) return Verdict.Pass;
    if (ALLOWED.has(row.name)) return Verdict.Pass;
    const request = new LocalRequest(client, frame, bytes);
    const reply = row.name === "ping" ? pong(request) : refusal(request);
    client.reply(reply, 0, reply.length);
    return Verdict.Handled;
  }

  inputEnded(): boolean {
    // What it may send is the same to its last request. Messages end when it is closed, and do not put that off.
    return false;
  }

  clientClosed(): void {
    const { wait } = this;
    this.wait = null;
    if (wait !== null) this.#hub.endWait(wait);
    this.#endAll();
  }

  #endAll(): void {
    for (const topics of this.#topics) {
      for (const topic of topics) {
        topic.subscribers.delete(this);
        this.#hub.release(topic);
      }
      topics.clear();
    }
  }
}

/** PING's reply where only arrays may come. */
function pong(request: LocalRequest): Uint8Array {
  if (request.wordCount > 2) return arityError("ping");
  const word = request.wordCount === 1 ? new Uint8Array(0) : request.raw(1);
  return arrayReply([bulkReply("pong"), bulkBytesReply(word, 0, word.length)]);
}

function refusal({ frame, words }: LocalRequest): Uint8Array {
  const { name } = frame.row!;
  const isSubcommand = CONTAINERS.has(name) && words.length > 1;
  const fullName = isSubcommand ? `${name}|${words[1]!.toLowerCase()}` : name;
  // Whatever is wrong with EXEC ends the transaction.
  const code = name === "exec" ? "EXECABORT Transaction discarded because of:" : "ERR";
  return byteErrorReply(
    `${code} Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / ` +
      "RESET are allowed in this context",
  );
}
