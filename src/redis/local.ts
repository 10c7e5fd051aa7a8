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
import { clientAnswer, type ClientNames } from "./client_commands.ts";
import { clusterAnswer } from "./cluster_commands.ts";
import { commandAnswer } from "./command_commands.ts";
import { helloAnswer } from "./hello.ts";
import { infoAnswer, type InfoSource } from "./info.ts";

/** What local answers need to know of their cluster. */
export interface LocalOptions {
  readonly commands: CommandTable;
  /** Whether it fronts a Redis Cluster. */
  readonly isCluster: boolean;
  /** Where cluster-aware clients are sent: this proxy. */
  readonly advertised: { readonly hostname: string; readonly port: number };
  readonly info: InfoSource;
}

/** A request as local answers see it: these commands are rare, so words become strings. */
export interface LocalRequest {
  readonly client: LocalClient;
  /** The words as they came; the first is the command's name. */
  readonly words: readonly string[];
  /** Word `index` byte by byte, for what is echoed. */
  raw(index: number): Uint8Array;
}

type Answer = (request: LocalRequest) => Uint8Array;

const decoder = new TextDecoder();

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
    const raw = (index: number) =>
      bytes.subarray(frame.argumentStart(index), frame.argumentEnd(index));
    const words: string[] = [];
    for (let index = 0; index < frame.argumentCount; index++) {
      words.push(decoder.decode(raw(index)));
    }
    const reply = answer({ client, words, raw });
    client.reply(reply, 0, reply.length);
  }

  #createAnswers(): Map<string, Answer> {
    const options = this.#options;
    const clusterSwitch = () =>
      options.isCluster ? OK_REPLY : errorReply("ERR This instance has cluster support disabled");
    return new Map<string, Answer>([
      ["ping", ping],
      ["echo", ({ raw }) => echo(raw(1))],
      ["quit", quit],
      ["select", ({ words }) => select(words[1]!, options.isCluster)],
      ["time", time],
      ["auth", () => NO_PASSWORD],
      ["hello", (request) => helloAnswer(request, this.#names)],
      ["reset", (request) => this.#reset(request)],
      ["client", (request) => clientAnswer(request, this.#names)],
      ["command", (request) => commandAnswer(request, options.commands)],
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

const RESET = statusReply("RESET");
const NO_PASSWORD = errorReply(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);

function ping({ words, raw }: LocalRequest): Uint8Array {
  if (words.length > 2) return arityError("ping");
  return words.length === 1 ? PONG_REPLY : echo(raw(1));
}

function echo(word: Uint8Array): Uint8Array {
  return bulkBytesReply(word, 0, word.length);
}

function quit({ client }: LocalRequest): Uint8Array {
  client.closeWhenAnswered();
  return OK_REPLY;
}

function select(database: string, isCluster: boolean): Uint8Array {
  if (!/^-?\d{1,19}$/.test(database)) {
    return errorReply("ERR value is not an integer or out of range");
  }
  if (Number(database) === 0) return OK_REPLY;
  return isCluster
    ? errorReply("ERR SELECT is not allowed in cluster mode")
    : errorReply("ERR DB index is out of range: only database 0 is served");
}

function time(): Uint8Array {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return arrayReply([
    bulkReply(String(seconds)),
    bulkReply(String(microseconds - seconds * 1_000_000)),
  ]);
}
