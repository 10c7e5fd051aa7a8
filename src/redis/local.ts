/**
 * Answers to Redis commands that the proxy gives itself: what client libraries send when they connect, and
 * questions about the connection rather than the data.
 *
 * @module
 */
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
  errorReply,
  OK_REPLY,
  PONG_REPLY,
  statusReply,
} from "../protocol/resp/replies.ts";
import { PROFILES, type RequestFrame } from "../protocol/protocol.ts";
import type { CommandRow, CommandTable } from "../protocol/command_table.ts";
import type { LocalAnswers, LocalClient } from "../session/features.ts";
import { authAnswer } from "./auth.ts";
import { clientAnswer, type ClientNames } from "./client_commands.ts";
import { clusterAnswer } from "./cluster_commands.ts";
import { CommandAnswers } from "./command_commands.ts";
import { helloAnswer } from "./hello.ts";
import { infoAnswer, type InfoSource } from "./info.ts";
import { readInteger } from "./integer.ts";

/** What local answers need to know of their cluster. */
export interface LocalOptions {
  readonly commands: CommandTable;
  /** Whether it fronts a Redis Cluster. */
  readonly isCluster: boolean;
  /** Where cluster-aware clients are sent: this proxy. */
  readonly advertised: { readonly hostname: string; readonly port: number };
  readonly info: InfoSource;
}

/** A request as local answers see it: these commands are rare, so words may become strings. */
export class LocalRequest {
  readonly client: LocalClient;
  readonly frame: RequestFrame;
  readonly bytes: Uint8Array;
  #words: readonly string[] | null = null;

  constructor(client: LocalClient, frame: RequestFrame, bytes: Uint8Array) {
    this.client = client;
    this.frame = frame;
    this.bytes = bytes;
  }

  /** Words of the request, its name included. */
  get wordCount(): number {
    return this.frame.argumentCount;
  }

  /** The words with one character for each byte; the first is the command's name. */
  get words(): readonly string[] {
    return this.#words ??= Array.from({ length: this.wordCount }, (_, index) => this.#word(index));
  }

  /** Word `index` byte by byte, for what is echoed. */
  raw(index: number): Uint8Array {
    return this.bytes.subarray(this.frame.argumentStart(index), this.frame.argumentEnd(index));
  }

  #word(index: number): string {
    const raw = this.raw(index);
    let word = "";
    for (let start = 0; start < raw.length; start += CHARACTERS_AT_ONCE) {
      word += String.fromCharCode(...raw.subarray(start, start + CHARACTERS_AT_ONCE));
    }
    return word;
  }
}

/** Arguments of one call stand on the stack, which is small. */
const CHARACTERS_AT_ONCE = 4096;

type Answer = (request: LocalRequest) => Uint8Array;

/** Answers the local rows of the RESP command table. */
export class RedisLocal implements LocalAnswers {
  readonly #options: LocalOptions;
  readonly #names: ClientNames = new WeakMap();
  /** By row index. */
  readonly #answers: (Answer | null)[];

  /**
   * @throws {Error} If a row says `local` and nothing here answers it.
   */
  constructor(options: LocalOptions) {
    this.#options = options;
    const answers = this.#createAnswers();
    this.#answers = options.commands.rows.map((row) => answers.get(row.name) ?? null);
  }

  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): void {
    const row = frame.row as CommandRow;
    const answer = this.#answers[row.index];
    if (!answer) throw new Error(`Cannot answer "${row.name}": no local answer is defined`);
    const reply = answer(new LocalRequest(client, frame, bytes));
    client.reply(reply, 0, reply.length);
  }

  #createAnswers(): Map<string, Answer> {
    const options = this.#options;
    const commands = new CommandAnswers(options.commands);
    const clusterSwitch = () =>
      options.isCluster ? OK_REPLY : errorReply("ERR This instance has cluster support disabled");
    return new Map<string, Answer>([
      ["ping", ping],
      ["echo", (request) => echo(request.raw(1))],
      ["quit", quit],
      ["select", ({ words }) => select(words[1]!, options.isCluster)],
      ["time", time],
      ["auth", ({ words }) => authAnswer(words)],
      ["hello", (request) => helloAnswer(request, this.#names)],
      ["reset", (request) => this.#reset(request)],
      ["client", (request) => clientAnswer(request, this.#names)],
      ["command", (request) => commands.answer(request)],
      ["cluster", (request) => clusterAnswer(request, options)],
      ["info", (request) => infoAnswer(request, options.info)],
      ["readonly", clusterSwitch],
      ["readwrite", clusterSwitch],
    ]);
  }

  #reset({ client }: LocalRequest): Uint8Array {
    client.profiles = PROFILES[2];
    this.#names.delete(client);
    return RESET;
  }
}

const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;

/** How far TIME may be from a clock that was set meanwhile, in milliseconds. */
const CLOCK_DRIFT_MAX_MS = 10;
let clockOriginMs = performance.timeOrigin;

const RESET = statusReply("RESET");

function ping(request: LocalRequest): Uint8Array {
  if (request.wordCount > 2) return arityError("ping");
  return request.wordCount === 1 ? PONG_REPLY : echo(request.raw(1));
}

function echo(word: Uint8Array): Uint8Array {
  return bulkBytesReply(word, 0, word.length);
}

function quit({ client }: LocalRequest): Uint8Array {
  client.closeWhenAnswered();
  return OK_REPLY;
}

/** Answers SELECT as a server with one database. */
function select(database: string, isCluster: boolean): Uint8Array {
  const number = readInteger(database);
  if (number === null) return errorReply("ERR value is not an integer or out of range");
  if (number < INT32_MIN || number > INT32_MAX) {
    return errorReply(
      `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
    );
  }
  if (number === 0n) return OK_REPLY;
  return errorReply(
    isCluster ? "ERR SELECT is not allowed in cluster mode" : "ERR DB index is out of range",
  );
}

/** Answers TIME by the machine's clock, with the microseconds that it does not have itself. */
function time(): Uint8Array {
  const nowMs = Date.now();
  const preciseMs = clockOriginMs + performance.now();
  if (Math.abs(preciseMs - nowMs) > CLOCK_DRIFT_MAX_MS) clockOriginMs += nowMs - preciseMs;
  const microseconds = Math.round((clockOriginMs + performance.now()) * 1000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return arrayReply([
    bulkReply(String(seconds)),
    bulkReply(String(microseconds - seconds * 1_000_000)),
  ]);
}
