/**
 * SCRIPT and FUNCTION: what all servers have to know goes to all of them.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import {
  arityError,
  arrayReply,
  errorReply,
  failureReply,
  integerReply,
  requestBytes,
} from "../../protocol/resp/replies.ts";
import type { LateReply } from "../../session/features.ts";
import type { Answer, RedisContext, RedisFeature } from "../feature.ts";
import type { LocalRequest } from "../local_request.ts";
import { helpReply, unknownSubcommandReply } from "../reply_builder.ts";
import { copyRequest } from "../request_copy.ts";
import { callShards, type ShardReply } from "../shard_calls.ts";
import { killEverywhere, statsEverywhere } from "./running_scripts.ts";
import type { ScriptKeeper } from "./script_keeper.ts";

const SCRIPT_KILL = requestBytes("SCRIPT", "KILL");
const FUNCTION_KILL = requestBytes("FUNCTION", "KILL");
const FUNCTION_STATS = requestBytes("FUNCTION", "STATS");
const NO_DEBUG = errorReply(
  "ERR SCRIPT DEBUG is not supported: it takes over the connection; debug at one server",
);
const SCRIPT_HELP = helpReply("script", [
  "EXISTS <sha1> [<sha1> ...]",
  "    Return whether all servers have the scripts.",
  "FLUSH [ASYNC|SYNC]",
  "    Have all servers, and the proxy, forget all scripts.",
  "KILL",
  "    End the scripts that run, at all servers.",
  "LOAD <script>",
  "    Have all servers, and the proxy, keep a script.",
]);
const FUNCTION_HELP = helpReply("function", [
  "DELETE <library>",
  "    Delete a library at all servers.",
  "DUMP",
  "    Return the libraries of one server, for RESTORE.",
  "FLUSH [ASYNC|SYNC]",
  "    Delete all libraries at all servers.",
  "KILL",
  "    End the functions that run, at all servers.",
  "LIST [LIBRARYNAME <pattern>] [WITHCODE]",
  "    List the libraries of one server.",
  "LOAD [REPLACE] <code>",
  "    Load a library at all servers.",
  "RESTORE <dump> [FLUSH|APPEND|REPLACE]",
  "    Restore libraries at all servers.",
  "STATS",
  "    Return the function that runs, at whichever server it does.",
]);
/** Arguments with which servers do flush. */
const FLUSHES = /^(a?sync)?$/i;
const ONE = 0x31;

/** Answers SCRIPT and FUNCTION. */
export class Scripts implements RedisFeature {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly #context: RedisContext;
  readonly #keeper: ScriptKeeper;

  constructor(context: RedisContext, keeper: ScriptKeeper) {
    this.#context = context;
    this.#keeper = keeper;
    this.answers = new Map<string, Answer>([
      ["script", (request) => this.#script(request)],
      ["function", (request) => this.#function(request)],
    ]);
  }

  #script(request: LocalRequest): Uint8Array | null {
    const { words, client } = request;
    switch (words[1]!.toLowerCase()) {
      case "load":
        if (words.length !== 3) return arityError("script|load");
        return this.#load(request);
      case "exists":
        if (words.length < 3) return arityError("script|exists");
        return this.#exist(request);
      case "flush":
        // At once, so that nothing is loaded again for what this client sends next.
        if (FLUSHES.test(words.slice(2).join(" "))) this.#keeper.flush();
        return this.#everywhere(request);
      case "kill":
        if (words.length !== 2) return arityError("script|kill");
        return killEverywhere(this.#context, client, SCRIPT_KILL);
      case "debug":
        return words.length === 3 ? NO_DEBUG : arityError("script|debug");
      case "help":
        return words.length === 2 ? SCRIPT_HELP : arityError("script|help");
      default:
        return unknownSubcommandReply("script", words[1]!);
    }
  }

  #function(request: LocalRequest): Uint8Array | null {
    const { words, client } = request;
    switch (words[1]!.toLowerCase()) {
      case "delete":
      case "flush":
      case "load":
      case "restore":
        return this.#everywhere(request);
      case "dump":
      case "list":
        return this.#ask(request, this.#context.router.shards().slice(0, 1), firstError);
      case "kill":
        if (words.length !== 2) return arityError("function|kill");
        return killEverywhere(this.#context, client, FUNCTION_KILL);
      case "stats":
        if (words.length !== 2) return arityError("function|stats");
        return statsEverywhere(this.#context, client, FUNCTION_STATS);
      case "help":
        return words.length === 2 ? FUNCTION_HELP : arityError("function|help");
      default:
        return unknownSubcommandReply("function", words[1]!);
    }
  }

  /** A body is known once a server has compiled it. */
  #load(request: LocalRequest): Uint8Array | null {
    const body = request.raw(2).slice();
    return this.#everywhere(request, () => this.#keeper.learn(body));
  }

  /** To all servers: the first error, or what the first server says. `succeeded` is called if none refuses. */
  #everywhere(request: LocalRequest, succeeded: () => void = () => {}): Uint8Array | null {
    return this.#ask(request, this.#context.router.shards(), (replies) => {
      if (!replies.some(({ isError }) => isError)) succeeded();
      return firstError(replies);
    });
  }

  /** A script is there if all servers have it: who is told that it is not loads it everywhere. */
  #exist(request: LocalRequest): Uint8Array | null {
    const shas = request.words.slice(2);
    return this.#ask(request, this.#context.router.shards(), (replies) => {
      const failed = replies.find(({ isError }) => isError);
      if (failed !== undefined) return failed.bytes;
      const found = replies.map(({ bytes }) => digitsOf(bytes));
      return arrayReply(
        shas.map((_, index) =>
          integerReply(found.every((digits) => digits[index] === ONE) ? 1 : 0)
        ),
      );
    });
  }

  #ask(
    request: LocalRequest,
    backends: readonly Backend[],
    merge: (replies: readonly ShardReply[]) => Uint8Array,
  ): Uint8Array | null {
    const { router, backends: context } = this.#context;
    if (backends.length === 0) return failureReply(router.unplaced, "");
    const late: LateReply = request.client.answerLater(true);
    callShards(this.#context, request.client, backends, copyRequest(request), (replies) => {
      const reply = merge(replies);
      if (replies.some(({ isError }) => isError)) context.metrics.errorReplies += 1;
      late.reply(reply, 0, reply.length);
    });
    return null;
  }
}

function firstError(replies: readonly ShardReply[]): Uint8Array {
  return (replies.find(({ isError }) => isError) ?? replies[0]!).bytes;
}

/** The values of an array of single digits. */
function digitsOf(bytes: Uint8Array): number[] {
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  return lines.filter((line) => line.startsWith(":")).map((line) => line.charCodeAt(1));
}
