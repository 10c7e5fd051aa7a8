/**
 * ACL WHOAMI, DRYRUN and LOG: about the proxy's own users. What else ACL has is the servers'.
 *
 * @module
 */
import { fitsArity } from "../../protocol/command_table.ts";
import { RequestFrame } from "../../protocol/protocol.ts";
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
  byteErrorReply,
  NOT_AN_INTEGER,
  OK_REPLY,
} from "../../protocol/resp/write/replies.ts";
import type { RedisContext } from "../core/feature.ts";
import { readInteger } from "../core/integer.ts";
import { LocalRequest } from "../core/local_request.ts";
import { shown } from "../core/reply_builder.ts";
import type { Login } from "../login/mod.ts";
import { bytesOfText } from "../pubsub/push_frame.ts";
import { type DenialEntry, denialsReply } from "./denial_log.ts";
import { denialSentence } from "./denial_text.ts";
import type { Access } from "./mod.ts";

/** Words before the request that is tried: `ACL DRYRUN user`. */
const WORDS_BEFORE = 3;
/** Entries that ACL LOG shows unless it is told how many. */
const SHOWN_ENTRIES = 10;
const LOG = "acl log";
const LOG_RESET = "acl log reset";

/** Answers the forms of ACL that are about the proxy's users. */
export class AclCommand {
  readonly #context: RedisContext;
  readonly #access: Access;
  readonly #login: Login;

  constructor(context: RedisContext, access: Access, login: Login) {
    this.#context = context;
    this.#access = access;
    this.#login = login;
    context.peers.on(LOG, () => [...access.denials.entries]);
    context.peers.on(LOG_RESET, () => access.denials.reset());
  }

  /** Answers the request if it is one of these forms; false where it is not. */
  take(request: LocalRequest): boolean {
    if (request.wordCount < 2) return false;
    const { client } = request;
    const reply = this.#answer(request);
    if (reply === undefined) return false;
    if (reply !== null) client.reply(reply);
    return true;
  }

  /** The reply; null: it comes later; undefined: it is not answered here. */
  #answer(request: LocalRequest): Uint8Array | null | undefined {
    const { client, wordCount, words } = request;
    switch (words[1]!.toLowerCase()) {
      case "whoami":
        return wordCount === 2 ? bulkReply(this.#login.userOf(client)) : arityError("acl|whoami");
      case "dryrun":
        return wordCount < 4 ? arityError("acl|dryrun") : this.#dryRun(request);
      case "log":
        return wordCount > 3 ? arityError("acl|log") : this.#log(request);
      default:
        return undefined;
    }
  }

  #dryRun(request: LocalRequest): Uint8Array {
    const user = request.words[2]!;
    if (!this.#login.canBe(user)) return byteErrorReply(`ERR User '${shown(user)}' not found`);
    const tried = this.#tried(request);
    const { row, argumentCount } = tried.frame;
    const unknown = byteErrorReply(
      `ERR Command '${shown(request.words[WORDS_BEFORE]!)}' not found`,
    );
    if (row === null) return unknown;
    if (!fitsArity(argumentCount, row.arity)) {
      return byteErrorReply(`ERR wrong number of arguments for '${shown(row.name)}' command`);
    }
    const denial = this.#access.permissionsOf(user).judge(tried);
    if (denial === null) return OK_REPLY;
    const sentence = bytesOfText(denialSentence(denial, user, this.#context.servers.kind));
    return bulkBytesReply(sentence, 0, sentence.length);
  }

  /** The request that is tried, as if it had come by itself. */
  #tried(request: LocalRequest): LocalRequest {
    const words = Array.from({ length: request.wordCount }, (_, index) => request.raw(index));
    const bytes = arrayReply(
      words.slice(WORDS_BEFORE).map((word) => bulkBytesReply(word, 0, word.length)),
    );
    const frame = new RequestFrame();
    this.#context.backends.protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
    return new LocalRequest(request.client, frame, bytes);
  }

  #log({ client, words }: LocalRequest): Uint8Array | null {
    const { peers } = this.#context;
    const { denials } = this.#access;
    if (words[2]?.toLowerCase() === "reset") {
      denials.reset();
      peers.tell(LOG_RESET, null);
      return OK_REPLY;
    }
    const count = words.length === 2 ? BigInt(SHOWN_ENTRIES) : readInteger(words[2]!);
    if (count === null) return NOT_AN_INTEGER;
    const { version } = client.profiles.master;
    const reply = (others: readonly unknown[]) => {
      const entries = [denials.entries, ...others as (readonly DenialEntry[] | undefined)[]];
      const known = entries.flatMap((some) => some ?? []);
      return denialsReply(known, Math.max(0, Number(count)), Date.now(), version);
    };
    if (peers.count === 0) return reply([]);
    const late = client.answerLater();
    peers.ask(LOG, null, (answers) => {
      const made = reply(answers);
      late.reply(made);
    });
    return null;
  }
}
