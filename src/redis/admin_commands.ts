/**
 * Commands about the servers themselves, where `admin_commands = "forward"` lets clients send them: to all servers,
 * and what only asks to one of them.
 *
 * @module
 */
import { arrayReply, bulkBytesReply, errorReply, failureReply } from "../protocol/resp/replies.ts";
import type { RedisContext } from "./feature.ts";
import type { LocalRequest } from "./local_request.ts";
import { copyRequest } from "./request_copy.ts";
import { callShards } from "./shard_calls.ts";

/** By command, the subcommands that change nothing: the first server answers. */
const ASKING: Readonly<Record<string, readonly string[]>> = {
  acl: ["cat", "dryrun", "genpass", "getuser", "help", "list", "log", "users", "whoami"],
  config: ["get", "help"],
  debug: ["help", "object"],
  latency: ["doctor", "graph", "help", "histogram", "history", "latest"],
  memory: ["doctor", "help", "malloc-stats", "stats"],
  module: ["help", "list"],
  slowlog: ["get", "help", "len"],
};

const NO_SLEEP = errorReply(
  "ERR DEBUG SLEEP is not supported: it would hold up all clients; pause clients by CLIENT PAUSE",
);
const WHOSE_SLOWLOG = errorReply(
  "ERR the servers' slow logs are asked for by SLOWLOG BACKENDS GET, LEN or RESET",
);

/** See above. */
export class AdminCommands {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  /** Takes a request that is refused by its row; false where it stays so. */
  take(request: LocalRequest): boolean {
    const { frame } = request;
    if (this.#context.config.adminCommands !== "forward" || frame.row === null) return false;
    const { name, arity } = frame.row;
    if (!Object.hasOwn(ASKING, name) || request.wordCount < -arity) return false;
    const reply = this.#forward(request, name);
    if (reply !== null) request.client.reply(reply, 0, reply.length);
    return true;
  }

  #forward(request: LocalRequest, name: string): Uint8Array | null {
    const isSlowlog = name === "slowlog";
    if (isSlowlog && (request.words[1]!.toLowerCase() !== "backends" || request.wordCount < 3)) {
      return WHOSE_SLOWLOG;
    }
    const subcommand = request.words[isSlowlog ? 2 : 1]!.toLowerCase();
    if (name === "debug" && subcommand === "sleep") return NO_SLEEP;
    const { router, backends } = this.#context;
    const shards = router.shards();
    if (shards.length === 0) return failureReply(router.unplaced, "");
    const asked = ASKING[name]!.includes(subcommand) ? shards.slice(0, 1) : shards;
    const bytes = isSlowlog ? withoutSecondWord(request) : copyRequest(request);
    const late = request.client.answerLater(true);
    callShards(this.#context, request.client, asked, bytes, (replies) => {
      const failed = replies.find(({ isError }) => isError);
      if (failed !== undefined) backends.metrics.errorReplies += 1;
      const reply = (failed ?? replies[0]!).bytes;
      late.reply(reply, 0, reply.length);
    });
    return null;
  }
}

function withoutSecondWord(request: LocalRequest): Uint8Array {
  const words = Array.from({ length: request.wordCount }, (_, index) => request.raw(index));
  return arrayReply(
    words.toSpliced(1, 1).map((word) => bulkBytesReply(word, 0, word.length)),
  );
}
