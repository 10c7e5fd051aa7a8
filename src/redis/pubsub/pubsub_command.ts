/**
 * PUBSUB: what the proxy's own clients are subscribed to, those of all workers. Other workers answer for theirs.
 *
 * @module
 */
import {
  arityError,
  arrayReply,
  byteErrorReply,
  integerReply,
} from "../../protocol/resp/replies.ts";
import type { LocalRequest } from "../local_request.ts";
import type { Peers } from "../peers.ts";
import { helpReply, shown, unknownSubcommandReply } from "../reply_builder.ts";
import { bulkOf } from "./confirmation.ts";
import { globMatches } from "./glob.ts";
import type { Hub } from "./hub.ts";
import { TopicKind, type TopicKindCode } from "./topic.ts";

/** Names of one kind, with how many clients have each. */
type Counts = [name: string, clients: number][];

/** What is asked of a worker: the counts of these names, or of all that match a pattern. */
interface Question {
  readonly kind: TopicKindCode;
  readonly names: readonly string[] | null;
  readonly pattern: string | null;
}

const TOPIC = "pubsub";

const HELP = helpReply("pubsub", [
  "CHANNELS [<pattern>]",
  "    Return the currently active channels matching a <pattern> (default: '*').",
  "NUMPAT",
  "    Return number of subscriptions to patterns.",
  "NUMSUB [<channel> ...]",
  "    Return the number of subscribers for the specified channels, excluding",
  "    pattern subscriptions(default: no channels).",
  "SHARDCHANNELS [<pattern>]",
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  "SHARDNUMSUB [<shardchannel> ...]",
  "    Return the number of subscribers for the specified shard level channel(s)",
]);

/** Answers PUBSUB. */
export class PubsubCommand {
  readonly #peers: Peers;
  readonly #hub: Hub;

  constructor(peers: Peers, hub: Hub) {
    this.#peers = peers;
    this.#hub = hub;
    peers.on(TOPIC, (question) => this.#counts(question as Question));
  }

  /** The reply, or null where other workers are asked first. */
  answer(request: LocalRequest): Uint8Array | null {
    const { words } = request;
    const subcommand = words[1]!.toLowerCase();
    const names = words.slice(2);
    switch (subcommand) {
      case "channels":
        return this.#channels(request, TopicKind.Channel, names);
      case "shardchannels":
        return this.#channels(request, TopicKind.ShardChannel, names);
      case "numsub":
        return this.#clients(request, TopicKind.Channel, names);
      case "shardnumsub":
        return this.#clients(request, TopicKind.ShardChannel, names);
      case "numpat":
        return names.length > 0 ? arityError("pubsub|numpat") : this.#patterns(request);
      case "help":
        return names.length > 0 ? arityError("pubsub|help") : HELP;
      default:
        return unknownSubcommandReply("pubsub", words[1]!);
    }
  }

  #channels(
    request: LocalRequest,
    kind: TopicKindCode,
    names: readonly string[],
  ): Uint8Array | null {
    if (names.length > 1) {
      return byteErrorReply(
        `ERR unknown subcommand or wrong number of arguments for '${shown(request.words[1]!)}'. ` +
          "Try PUBSUB HELP.",
      );
    }
    const question = { kind, names: null, pattern: names[0] ?? null };
    return this.#withOthers(request, question, (sums) => arrayReply([...sums.keys()].map(bulkOf)));
  }

  #clients(
    request: LocalRequest,
    kind: TopicKindCode,
    names: readonly string[],
  ): Uint8Array | null {
    return this.#withOthers(
      request,
      { kind, names, pattern: null },
      (sums) =>
        arrayReply(names.flatMap((name) => [bulkOf(name), integerReply(sums.get(name) ?? 0)])),
    );
  }

  #patterns(request: LocalRequest): Uint8Array | null {
    const question = { kind: TopicKind.Pattern, names: null, pattern: null };
    return this.#withOthers(request, question, (sums) => integerReply(sums.size));
  }

  #withOthers(
    { client }: LocalRequest,
    question: Question,
    makeReply: (sums: ReadonlyMap<string, number>) => Uint8Array,
  ): Uint8Array | null {
    const sums = new Map<string, number>();
    const add = (counts: Counts) => {
      for (const [name, clients] of counts) sums.set(name, (sums.get(name) ?? 0) + clients);
    };
    add(this.#counts(question));
    if (this.#peers.count === 0) return makeReply(sums);
    const late = client.answerLater();
    this.#peers.ask(TOPIC, question, (answers) => {
      for (const answer of answers as (Counts | undefined)[]) add(answer ?? []);
      const reply = makeReply(sums);
      late.reply(reply, 0, reply.length);
    });
    return null;
  }

  #counts({ kind, names, pattern }: Question): Counts {
    const topics = this.#hub.topics(kind);
    const counts: Counts = [];
    for (const name of names ?? topics.keys()) {
      const clients = topics.get(name)?.subscribers.size ?? 0;
      if (clients > 0 && (pattern === null || globMatches(pattern, name))) {
        counts.push([name, clients]);
      }
    }
    return counts;
  }
}
