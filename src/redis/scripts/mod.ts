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
} from "../../protocol/resp/write/replies.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { DeferredReply, LocalClient } from "../../session/stages.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { helpReply, unknownSubcommandReply } from "../core/reply_builder.ts";
import { copyRequest } from "../core/request_copy.ts";
import { callShards, type ShardReply } from "../core/shard_calls.ts";
import { killEverywhere, statsEverywhere } from "./running_scripts.ts";
import { isFlush, type ScriptKeeper } from "./script_keeper.ts";

const SCRIPT_KILL = requestBytes("SCRIPT", "KILL");
const FUNCTION_KILL = requestBytes("FUNCTION", "KILL");
const FUNCTION_STATS = requestBytes("FUNCTION", "STATS");
const NO_DEBUG = errorReply(
  "ERR SCRIPT DEBUG is not supported: it takes over the connection; debug at one server",
);
const SCRIPT_HELP = [
  "EXISTS <sha1> [<sha1> ...]",
  "    Return whether all servers have the scripts, or are given them at their next call.",
  "FLUSH [ASYNC|SYNC]",
  "    Have all servers, and the proxy, forget all scripts.",
  "KILL",
  "    End the scripts that run, at all servers.",
  "LOAD <script>",
  "    Have all servers, and the proxy, keep a script.",
];
const FUNCTION_HELP = [
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
];
const ONE = 0x31;

/** Answers SCRIPT and FUNCTION. */
export class Scripts implements RedisFeature {
  readonly answers: Pick<Answers, "script" | "function">;
  readonly #context: RedisContext;
  readonly #keeper: ScriptKeeper;

  constructor(context: RedisContext, keeper: ScriptKeeper) {
    this.#context = context;
    this.#keeper = keeper;
    this.answers = {
      script: (request) => this.#script(request),
      function: (request) => this.#function(request),
    };
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
        if (isFlush(words)) this.#keeper.flush();
        return this.#everywhere(request);
      case "kill":
        if (words.length !== 2) return arityError("script|kill");
        return killEverywhere(this.#context, client, SCRIPT_KILL);
      case "debug":
        return words.length === 3 ? NO_DEBUG : arityError("script|debug");
      case "help":
        if (words.length !== 2) return arityError("script|help");
        return helpReply("script", SCRIPT_HELP, this.#context.servers.kind);
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
        return this.#keptEverywhere(request);
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
        if (words.length !== 2) return arityError("function|help");
        return helpReply("function", FUNCTION_HELP, this.#context.servers.kind);
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

  /**
   * To all servers, those that are ejected too: unlike scripts, functions are what a server keeps, and nobody gives
   * them to one that returns.
   */
  #keptEverywhere(request: LocalRequest): Uint8Array | null {
    return this.#ask(request, this.#context.router.allShards(), firstError);
  }

  /**
   * A script is there if every server has it, or can be given it: one that some server has and whose body is known
   * goes ahead of its next call. Whether a body that no server has is a script at all is for a server to say.
   */
  #exist(request: LocalRequest): Uint8Array | null {
    const shas = request.words.slice(2).map((sha) => sha.toLowerCase());
    const { client } = request;
    const backends = this.#context.router.shards();
    if (backends.length === 0) return failureReply(this.#context.router.whyUnplaced(NO_PLACE), "");
    const late = client.answerLater(true);
    callShards(this.#context, client, backends, copyRequest(request), (replies) => {
      const failed = replies.find(({ isError }) => isError);
      if (failed !== undefined) return late.reply(failed.bytes);
      const found = findScripts(shas, replies);
      for (const { sha, lacking } of found.values()) {
        for (const backend of lacking) this.#keeper.isMissingAt(backend, client, sha);
      }
      this.#loadLost(client, [...found.values()], (loaded) => {
        const replied = shas.map((sha) => {
          const { lacking } = found.get(sha)!;
          const isThere = lacking.length === 0 || loaded.has(sha) ||
            (lacking.length < backends.length && this.#keeper.knows(sha));
          return integerReply(isThere ? 1 : 0);
        });
        late.reply(arrayReply(replied));
      });
    });
    return null;
  }

  /** Loads what no server has and the proxy knows at the first server; `done` is told what could be. */
  #loadLost(
    client: LocalClient,
    found: readonly FoundScript[],
    done: (loaded: ReadonlySet<string>) => void,
  ): void {
    const loaded = new Set<string>();
    const backends = this.#context.router.shards();
    const lost = found.filter(({ isAnywhere }) => !isAnywhere)
      .flatMap(({ sha }) => ({ sha, load: this.#keeper.loadRequestOf(sha) }))
      .filter(({ load }) => load !== null);
    let due = lost.length;
    if (due === 0 || backends.length === 0) return done(loaded);
    for (const { sha, load } of lost) {
      callShards(this.#context, client, backends.slice(0, 1), load!, ([reply]) => {
        if (!reply!.isError) loaded.add(sha);
        due -= 1;
        if (due === 0) done(loaded);
      });
    }
  }

  #ask(
    request: LocalRequest,
    backends: readonly Backend[],
    merge: (replies: readonly ShardReply[]) => Uint8Array,
  ): Uint8Array | null {
    const { router } = this.#context;
    if (backends.length === 0) return failureReply(router.whyUnplaced(NO_PLACE), "");
    const late: DeferredReply = request.client.answerLater(true);
    callShards(this.#context, request.client, backends, copyRequest(request), (replies) => {
      late.reply(merge(replies));
    });
    return null;
  }
}

/** What the servers say of one script. */
interface FoundScript {
  readonly sha: string;
  /** Servers that do not have it. */
  readonly lacking: Backend[];
  isAnywhere: boolean;
}

/** By digest, what all of the servers' replies to one SCRIPT EXISTS say. */
function findScripts(
  shas: readonly string[],
  replies: readonly ShardReply[],
): Map<string, FoundScript> {
  const found = new Map<string, FoundScript>();
  for (const sha of shas) found.set(sha, { sha, lacking: [], isAnywhere: false });
  for (const { backend, bytes } of replies) {
    const digits = digitsOf(bytes);
    const seen = new Set<string>();
    for (const [index, sha] of shas.entries()) {
      if (seen.has(sha)) continue;
      seen.add(sha);
      if (digits[index] === ONE) found.get(sha)!.isAnywhere = true;
      else found.get(sha)!.lacking.push(backend);
    }
  }
  return found;
}

function firstError(replies: readonly ShardReply[]): Uint8Array {
  return (replies.find(({ isError }) => isError) ?? replies[0]!).attributed;
}

/** The values of an array of single digits. */
function digitsOf(bytes: Uint8Array): number[] {
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  return lines.filter((line) => line.startsWith(":")).map((line) => line.charCodeAt(1));
}
