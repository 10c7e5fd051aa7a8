/**
 * Learns from the servers which commands they have that the table does not. They are asked when a client sends a command
 * that is unknown, or asks which there are, and at most once a minute: the client waits for what they say. Of servers of
 * different versions only what all of them say alike is learned.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import { essenceOf, type ToldCommand } from "../../protocol/resp/commands/learned.ts";
import { readNames, readTold } from "../../protocol/resp/commands/told.ts";
import type { LearnedCommands } from "../../protocol/resp/parse/learned_commands.ts";
import { requestBytes } from "../../protocol/resp/write/replies.ts";
import type { Backend } from "../../backend/backend.ts";
import { REFRESH_INTERVAL_MS, RETRY_INTERVAL_MS } from "../../backend/asked_fact.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { RedisContext } from "../core/feature.ts";
import { ServerRound } from "./server_round.ts";

/** Commands that one question is about; those beyond are not learned. */
export const ASKED_COMMANDS_MAX = 1_024;
/** Longest reply that is read, bytes: COMMAND of a server with many modules has a tenth of it. */
export const REPLY_BYTES_MAX = 4 * 1024 * 1024;

const LIST = requestBytes("COMMAND", "LIST");
const ALL = requestBytes("COMMAND");

/** Learns on demand, in one worker. */
export class CommandLearning {
  readonly #context: RedisContext;
  readonly #learned: LearnedCommands;
  readonly #silent = new Set<Backend>();
  readonly #waiting = new Set<LocalClient>();
  #askedAtMs = -Infinity;
  #isAsking = false;
  /** Some server has told what it has. */
  #isTold = false;

  constructor(context: RedisContext, learned: LearnedCommands) {
    this.#context = context;
    this.#learned = learned;
  }

  /**
   * Whether a request with an unknown name has to wait for what the servers say of it. If they say nothing at all, it
   * goes where its first argument is, if its name has a dot.
   */
  awaits(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    // The map's arrival has it shown again.
    if (this.#context.router.awaitsFirstMap || this.mustWait(client)) return true;
    if (!this.#isTold) this.#learned.routeDotted(frame, bytes);
    return false;
  }

  /** Whether whoever wants to know all commands has to wait: then `parseOn` of the client is called at the end of it. */
  mustWait(client: LocalClient): boolean {
    if (!this.#isAsking && this.#isDue) this.#ask();
    if (this.#isAsking) this.#waiting.add(client);
    return this.#isAsking;
  }

  get #isDue(): boolean {
    const intervalMs = this.#isTold ? REFRESH_INTERVAL_MS : RETRY_INTERVAL_MS;
    return this.#context.backends.clock.nowMs - this.#askedAtMs >= intervalMs;
  }

  #ask(): void {
    this.#askedAtMs = this.#context.backends.clock.nowMs;
    this.#isAsking = true;
    const lists: string[][] = [];
    // Servers before 7.0 have no COMMAND LIST.
    let haveAllLists = true;
    new ServerRound(this.#context, this.#silent, LIST, (_, reply) => {
      const { bytes, start, end, isError } = reply;
      const names = isError || end - start > REPLY_BYTES_MAX ? null : readNames(bytes, start, end);
      if (names === null) haveAllLists = false;
      else lists.push(names);
      return true;
    }, (_, answered) => {
      if (answered === 0) return this.#end(false);
      if (!haveAllLists) return this.#describe(ALL);
      const names = commonOf(lists).filter((name) => this.#learned.isOpen(name))
        .slice(0, ASKED_COMMANDS_MAX);
      if (names.length === 0) this.#end(true);
      else this.#describe(requestBytes("COMMAND", "INFO", ...names));
    }).begin();
  }

  /** Learns what all servers say alike to this form of COMMAND. */
  #describe(request: Uint8Array): void {
    const told: Map<string, ToldCommand>[] = [];
    new ServerRound(this.#context, this.#silent, request, (_, reply) => {
      const { bytes, start, end, isError } = reply;
      const commands = isError || end - start > REPLY_BYTES_MAX
        ? null
        : readTold(bytes, start, end);
      if (commands === null) return false;
      told.push(new Map(commands.map((command) => [command.name, command])));
      return true;
    }, (_, answered) => {
      this.#learned.learn(this.#alike(told));
      this.#end(answered > 0);
    }).begin();
  }

  #alike([first, ...others]: readonly Map<string, ToldCommand>[]): ToldCommand[] {
    if (first === undefined) return [];
    return [...first.values()].filter((command) => {
      if (!this.#learned.isOpen(command.name)) return false;
      const essence = essenceOf(command);
      return others.every((other) => {
        const same = other.get(command.name);
        return same !== undefined && essenceOf(same) === essence;
      });
    });
  }

  #end(isTold: boolean): void {
    this.#isAsking = false;
    this.#isTold ||= isTold;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const client of waiting) client.parseOn();
  }
}

/** The names that all lists have. */
function commonOf([first, ...others]: readonly string[][]): string[] {
  const sets = others.map((names) => new Set(names));
  return (first ?? []).filter((name) => sets.every((names) => names.has(name)));
}
