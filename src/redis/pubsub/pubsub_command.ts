/**
 * PUBSUB: what the proxy's own clients are subscribed to, those of all workers. Other workers answer for theirs.
 *
 * @module
 */
import { arityError, byteErrorReply } from "../../protocol/resp/write/replies.ts";
import type { DeferredReply } from "../../session/stages.ts";
import type { LocalRequest } from "../core/local_request.ts";
import type { Peers } from "../core/peers.ts";
import { helpReply, shown, unknownSubcommandReply } from "../core/reply_builder.ts";
import {
  type CountShape,
  CountTask,
  PIECES_TO_COUNT,
  type Question,
  SumTask,
} from "./count_tasks.ts";
import type { KnownServers } from "../server/known_servers.ts";
import type { Hub } from "./hub.ts";
import { NameList } from "./name_list.ts";
import { textOfBytes } from "./push_frame.ts";
import { TopicKind, type TopicKindCode } from "./topic.ts";

/** Words before the names. */
const WORDS_BEFORE_NAMES = 2;
const TOPIC = "pubsub";

const HELP = [
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
];

/** Answers PUBSUB. */
export class PubsubCommand {
  readonly #peers: Peers;
  readonly #hub: Hub;
  readonly #servers: KnownServers;

  constructor(peers: Peers, hub: Hub, servers: KnownServers) {
    this.#peers = peers;
    this.#servers = servers;
    this.#hub = hub;
    peers.onLater(TOPIC, (body, answer) => {
      const question = body as Question;
      const task = new CountTask(this.#hub, question, answer);
      this.#hub.runOrQueue(task, this.#piecesOf(question));
    });
  }

  /** The reply, or null where it comes later: there is much to count, or other workers are asked. */
  answer(request: LocalRequest): Uint8Array | null {
    const word = textOf(request, 1);
    const count = request.wordCount - WORDS_BEFORE_NAMES;
    switch (word.toLowerCase()) {
      case "channels":
        return this.#channels(request, TopicKind.Channel);
      case "shardchannels":
        return this.#channels(request, TopicKind.ShardChannel);
      case "numsub":
        return this.#clients(request, TopicKind.Channel);
      case "shardnumsub":
        return this.#clients(request, TopicKind.ShardChannel);
      case "numpat":
        return count > 0 ? arityError("pubsub|numpat") : this.#patterns(request);
      case "help":
        return count > 0
          ? arityError("pubsub|help")
          : helpReply("pubsub", HELP, this.#servers.kind);
      default:
        return unknownSubcommandReply("pubsub", word);
    }
  }

  #channels(request: LocalRequest, kind: TopicKindCode): Uint8Array | null {
    const count = request.wordCount - WORDS_BEFORE_NAMES;
    if (count > 1) {
      return byteErrorReply(
        `ERR unknown subcommand or wrong number of arguments for '${shown(textOf(request, 1))}'. ` +
          "Try PUBSUB HELP.",
      );
    }
    const pattern = count === 1 ? textOf(request, WORDS_BEFORE_NAMES) : null;
    return this.#ask(request, { kind, names: null, pattern }, "names");
  }

  #clients(request: LocalRequest, kind: TopicKindCode): Uint8Array | null {
    const names = NameList.ofRequest(request, WORDS_BEFORE_NAMES).keep();
    return this.#ask(request, { kind, names, pattern: null }, "counts");
  }

  #patterns(request: LocalRequest): Uint8Array | null {
    return this.#ask(
      request,
      { kind: TopicKind.Pattern, names: null, pattern: null },
      "number",
    );
  }

  #piecesOf({ kind, names }: Question): number {
    const count = names === null ? this.#hub.topics(kind).size : names.offsets.length / 2;
    return PIECES_TO_COUNT * count;
  }

  #ask(
    { client }: LocalRequest,
    question: Question,
    shape: CountShape,
  ): Uint8Array | null {
    const hub = this.#hub;
    const pieces = this.#piecesOf(question);
    let atOnce: Uint8Array | null = null;
    let late: DeferredReply | null = null;
    const sum = new SumTask(question, shape, (reply) => {
      if (late === null) atOnce = reply;
      else late.reply(reply, 0, reply.length, true);
    });
    const counted = (counts: Uint8Array) => {
      sum.add(counts);
      if (this.#peers.count === 0) return hub.runOrQueue(sum, 2 * pieces);
      this.#peers.ask(TOPIC, question, (answers) => {
        for (const answer of answers) if (answer instanceof Uint8Array) sum.add(answer);
        hub.goOn(sum);
      });
    };
    hub.runOrQueue(new CountTask(hub, question, counted), pieces);
    if (atOnce !== null) return atOnce;
    late = client.answerLater();
    return null;
  }
}

function textOf(request: LocalRequest, word: number): string {
  const { frame, bytes } = request;
  return textOfBytes(bytes, frame.argumentStart(word), frame.argumentEnd(word));
}
