/**
 * Commands about the servers themselves, where `admin_commands = "forward"` lets clients send them: to all servers,
 * and what only asks to one of them.
 *
 * @module
 */
import {
  arrayReply,
  bulkBytesReply,
  errorReply,
  failureReply,
} from "../../protocol/resp/write/replies.ts";
import { CommandFlag } from "../../protocol/command_table.ts";
import { respDescriptions } from "../../protocol/resp/commands/mod.ts";
import type { Backend } from "../../backend/backend.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { AclCommand } from "../access/acl_command.ts";
import type { RedisContext } from "../core/feature.ts";
import type { Info } from "./info.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { joinedReplies, type ReplyMerge, summedReplies } from "../core/reply_merges.ts";
import { copyRequest } from "../core/request_copy.ts";
import { callShards } from "../core/shard_calls.ts";
import { takeSettings } from "./settings.ts";

const NO_SLEEP = errorReply(
  "ERR DEBUG SLEEP is not supported: it would hold up all clients; pause clients by CLIENT PAUSE",
);
const NO_BACKEND_SLOWLOG = errorReply(
  'ERR SLOWLOG BACKENDS is not supported: it is about the servers themselves; set admin_commands = "forward"',
);

/** How the slow logs of all servers become one reply, by Redis's policies; without, what the first one says is it. */
const slowlogMerges = new Map<string, ReplyMerge>([["get", joinedReplies], ["len", summedReplies]]);

/** Forwards commands about the servers themselves: to all servers, or to one of them if the command only asks. */
export class AdminCommands {
  readonly #context: RedisContext;
  readonly #info: Info;
  readonly #acl: AclCommand;

  /** @param acl Answers what ACL says of the proxy's own users. */
  constructor(context: RedisContext, info: Info, acl: AclCommand) {
    this.#context = context;
    this.#info = info;
    this.#acl = acl;
  }

  /** Takes a request that is refused by its row; false where it stays so. */
  take(request: LocalRequest): boolean {
    const { frame } = request;
    if (frame.row?.name === "acl" && this.#acl.take(request)) return true;
    if (isReset(request)) {
      this.#info.reset(request);
      return true;
    }
    if (this.#context.config.adminCommands !== "forward" || frame.row === null) return false;
    if (takeSettings(this.#context, request)) return true;
    const { name, arity, flags } = frame.row;
    const isForwarded = (flags & CommandFlag.Administration) !== 0;
    if (!isForwarded || request.wordCount < -arity) return false;
    const reply = this.#forward(request, name);
    if (reply !== null) request.client.reply(reply);
    return true;
  }

  /** SLOWLOG BACKENDS: the servers' own slow logs as one; null: the answer is given later. */
  askSlowLogs(request: LocalRequest): Uint8Array | null {
    if (this.#context.config.adminCommands !== "forward") return NO_BACKEND_SLOWLOG;
    return this.#forward(request, "slowlog");
  }

  #forward(request: LocalRequest, name: string): Uint8Array | null {
    const isSlowlog = name === "slowlog";
    // What the proxy has, too, is asked of the servers by a word before it.
    const saysBackends = (isSlowlog || name === "acl") && request.wordCount > 2 &&
      request.words[1]!.toLowerCase() === "backends";
    const subcommand = request.words[saysBackends ? 2 : 1]!.toLowerCase();
    if (name === "debug" && subcommand === "sleep") return NO_SLEEP;
    const { router } = this.#context;
    const shards = router.shards();
    if (shards.length === 0) return failureReply(router.whyUnplaced(NO_PLACE), "");
    const asked = this.#serversFor(request, name, subcommand, saysBackends ? 3 : 2);
    const bytes = saysBackends ? withoutSecondWord(request) : copyRequest(request);
    const late = request.client.answerLater(true);
    const merge = isSlowlog ? slowlogMerges.get(subcommand) : undefined;
    callShards(this.#context, request.client, asked, bytes, (replies) => {
      const failed = replies.find(({ isError }) => isError);
      const reply = failed === undefined && merge !== undefined
        ? merge(replies.map((one) => one.bytes))
        : (failed ?? replies[0]!).attributed;
      late.reply(reply);
    });
    return null;
  }

  /** The server of the key that is asked about, one where any will do, or all. */
  #serversFor(
    request: LocalRequest,
    name: string,
    subcommand: string,
    nextWord: number,
  ): readonly Backend[] {
    const { router } = this.#context;
    const shards = router.shards();
    if (name === "debug" && subcommand === "object" && request.wordCount > 2) {
      const { bytes, frame } = request;
      const place = router.place(bytes, frame.argumentStart(2), frame.argumentEnd(2));
      const backend = place < 0 ? null : router.backendAt(place);
      return backend === null ? shards.slice(0, 1) : [backend];
    }
    const isAsking = onlyAsks(name, subcommand) && !isLogReset(request, subcommand, nextWord);
    return isAsking ? shards.slice(0, 1) : shards;
  }
}

/** Whether a subcommand changes nothing, so that the first server answers. */
function onlyAsks(name: string, subcommand: string): boolean {
  if (subcommand === "help") return true;
  return respDescriptions.get(`${name}|${subcommand}`)?.states.includes("asks_one") === true;
}

/** CONFIG RESETSTAT: others count on what the servers have counted, so it is about what INFO says here. */
function isReset({ frame, wordCount, words }: LocalRequest): boolean {
  return frame.row?.name === "config" && wordCount === 2 && words[1]!.toLowerCase() === "resetstat";
}

/** ACL LOG RESET, the one asking subcommand that can change something. */
function isLogReset(request: LocalRequest, subcommand: string, nextWord: number): boolean {
  return subcommand === "log" && request.words[nextWord]?.toLowerCase() === "reset";
}

function withoutSecondWord(request: LocalRequest): Uint8Array {
  const words = Array.from({ length: request.wordCount }, (_, index) => request.raw(index));
  return arrayReply(
    words.toSpliced(1, 1).map((word) => bulkBytesReply(word, 0, word.length)),
  );
}
