/**
 * What the proxy answers memcache clients itself.
 *
 * @module
 */
import type { BinaryHandlerId, TextHandlerId } from "../protocol/memcache/answered.ts";
import { encodeText } from "../protocol/memcache/ascii.ts";
import {
  HEADER_BYTES,
  replyPacket,
  Status,
  statusTexts,
} from "../protocol/memcache/binary/packet.ts";
import { lineReplies } from "../protocol/memcache/replies.ts";
import { wantsLogin } from "../protocol/memcache/backend_login.ts";
import { writesItem } from "../protocol/memcache/meta_line.ts";
import { CommandFlag, type CommandRow } from "../protocol/command_table.ts";
import { NO_OPERATION, type RequestFrame } from "../protocol/protocol.ts";
import type { Exchange } from "../request/exchange.ts";
import type { Request } from "../request/request.ts";
import { type Failure, failures } from "../failure.ts";
import type { ObservedLists } from "../observe/observed_lists.ts";
import type { ShardList } from "../router/router.ts";
import type { LocalAnswers, LocalClient } from "../session/stages.ts";
import { Login, type LoginContext } from "./login/mod.ts";
import { callServers } from "./server_calls.ts";
import { isBefore, ServerVersion } from "./server_version.ts";
import { StatsCommand } from "./stats_command.ts";
import { binaryWire, textWire, type Wire } from "./wire.ts";

/** The first version whose `version` takes further words without a complaint, and that has `mn`. */
const LENIENT_VERSION = "1.6.0";

const META_NOOP = encodeText("MN\r\n");
/** Answered from what the proxy knows, so that a pause does not concern them. */
const NEEDS_NO_SERVER = new Set([
  ...["mn", "noop", "quit", "quitq", "sasl_auth", "sasl_list", "sasl_step"],
]);
const NOTHING = new Uint8Array(0);
const MECHANISMS = encodeText("PLAIN");
const decoder = new TextDecoder();

/** Answers one request. */
type Answer = (client: LocalClient, frame: RequestFrame, bytes: Uint8Array) => void;

/** What the answers are made with. */
export interface MemcacheContext extends LoginContext {
  readonly router: ShardList;
  /** What is kept of single requests and keys, in all workers. */
  readonly observed: ObservedLists;
  /** Since when the proxy runs, milliseconds of `performance.now()`. */
  readonly startedAtMs: number;
}

/** The local answers of a memcache cluster. */
export class MemcacheLocal implements LocalAnswers {
  readonly #context: MemcacheContext;
  readonly #version: ServerVersion;
  readonly #stats: StatsCommand;
  readonly #login: Login;
  readonly #textAnswers: Readonly<Record<TextHandlerId, Answer>>;
  readonly #binaryAnswers: Readonly<Record<BinaryHandlerId, Answer>>;

  constructor(context: MemcacheContext) {
    this.#context = context;
    this.#version = new ServerVersion(context.backends.clock);
    this.#stats = new StatsCommand(context);
    this.#login = new Login(context);
    this.#textAnswers = this.#createTextAnswers();
    this.#binaryAnswers = this.#createBinaryAnswers();
  }

  onConnect(client: LocalClient): void {
    this.#login.onConnect(client);
  }

  onErrorReply(
    _request: Request,
    _exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Failure | null {
    return wantsLogin(bytes, start, end) ? failures.backendLogin : null;
  }

  needsNoServer(row: CommandRow): boolean {
    return NEEDS_NO_SERVER.has(row.name);
  }

  mayWrite(row: CommandRow, frame: RequestFrame, bytes: Uint8Array): boolean {
    return (row.flags & CommandFlag.Write) !== 0 || (row.name === "mg" && writesItem(frame, bytes));
  }

  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    const answers: Readonly<Record<string, Answer>> = frame.operation === NO_OPERATION
      ? this.#textAnswers
      : this.#binaryAnswers;
    const answer = answers[frame.row!.handler!];
    if (!answer) throw new Error(`Cannot answer "${frame.row!.name}": it is not a local command`);
    answer(client, frame, bytes);
    return true;
  }

  identify(client: LocalClient): { name: string; user: string } {
    return { name: "", user: this.#login.userOf(client) ?? "" };
  }

  userOf(client: LocalClient): string | null {
    return this.#login.userOf(client);
  }

  enterAs(client: LocalClient, username: string): boolean {
    return this.#login.enterAs(client, username);
  }

  usersChanged(): void {
    this.#login.usersChanged();
  }

  stop(): void {}

  #createTextAnswers(): Readonly<Record<TextHandlerId, Answer>> {
    return {
      version: (client, frame) => this.#answerVersion(client, frame, textWire),
      stats: (client, frame, bytes) =>
        this.#stats.answer(client, frame, wordsOf(frame, bytes), textWire),
      mn: (client) => {
        const isUnknown = this.#version.isBefore(LENIENT_VERSION);
        give(client, isUnknown ? lineReplies.error : META_NOOP);
      },
      quit: (client) => leave(client, NOTHING),
    };
  }

  #createBinaryAnswers(): Readonly<Record<BinaryHandlerId, Answer>> {
    return {
      noop: (client, { operation, opaque }) => give(client, replyPacket(operation, opaque)),
      version: (client, frame) => this.#answerVersion(client, frame, binaryWire),
      stat: (client, frame, bytes) => {
        const key = bytes.subarray(frame.start + HEADER_BYTES, frame.end);
        const words = key.length === 0 ? [] : decoder.decode(key).split(" ");
        this.#stats.answer(client, frame, words, binaryWire);
      },
      quit: (client, { operation, opaque }) => leave(client, replyPacket(operation, opaque)),
      quitq: (client) => leave(client, NOTHING),
      sasl_list: (client, frame) => give(client, this.#answerSasl(frame, MECHANISMS)),
      sasl_refused: (client, frame) => give(client, this.#answerSasl(frame, null)),
    };
  }

  /** Without users there is nobody to log in as, as at a server without SASL; who is in stays who it is. */
  #answerSasl({ operation, opaque }: RequestFrame, listed: Uint8Array | null): Uint8Array {
    if (!this.#login.isWanted) {
      const { unknownCommand: value } = statusTexts;
      return replyPacket(operation, opaque, { status: Status.UnknownCommand, value });
    }
    if (listed !== null) return replyPacket(operation, opaque, { value: listed });
    const { authFailure: value } = statusTexts;
    return replyPacket(operation, opaque, { status: Status.AuthError, value });
  }

  #answerVersion(client: LocalClient, frame: RequestFrame, wire: Wire): void {
    const { operation, opaque, isQuiet } = frame;
    const hasMore = operation === NO_OPERATION && frame.argumentCount > 1;
    const late = client.answerLater();
    const ask = (answered: (replies: readonly string[]) => void) =>
      this.#askVersions(client, wire, answered);
    this.#version.tell(ask, (version) => {
      const isError = hasMore && isBefore(version, LENIENT_VERSION);
      const reply = isError
        ? lineReplies.error
        : wire.writeVersion(version, { operation, opaque, isQuiet });
      late.reply(reply);
    });
  }

  #askVersions(
    client: LocalClient,
    wire: Wire,
    answered: (replies: readonly string[]) => void,
  ): void {
    const { backends, router } = this.#context;
    callServers(backends.requests, client, router.shards(), wire.versionRequest, (replies) => {
      answered(replies.flatMap(({ bytes, failure }) => failure ? [] : [decoder.decode(bytes)]));
    });
  }
}

/** Words that mean something: `stats cachedump <class> <limit>`. */
const STATS_WORDS = 4;

/** The words behind `stats`. */
function wordsOf(frame: RequestFrame, bytes: Uint8Array): string[] {
  const words: string[] = [];
  for (let word = 1; word < Math.min(frame.argumentCount, STATS_WORDS); word++) {
    words.push(decoder.decode(bytes.subarray(frame.argumentStart(word), frame.argumentEnd(word))));
  }
  return words;
}

function give(client: LocalClient, reply: Uint8Array): void {
  client.reply(reply);
}

/** The last reply to a client. */
function leave(client: LocalClient, reply: Uint8Array): void {
  client.closeWhenAnswered();
  give(client, reply);
}
