/**
 * The commands of one cluster in one worker that its servers have and the table did not: they become rows of it.
 *
 * @module
 */
import type { GrowingCommandTable } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import { definitionsOf } from "../commands/catalogue.ts";
import {
  describeTold,
  essenceOf,
  isTableName,
  learnedDescription,
  noteLearned,
  type ToldCommand,
} from "../commands/learned.ts";
import type { RequestDescriber } from "./request_describer.ts";

/** Rows that are learned in all: what is changed again and again by servers fills memory no further. */
export const LEARNED_ROWS_MAX = 4_096;

/** Takes what servers tell of commands into a table that nobody else has. */
export class LearnedCommands {
  readonly #table: GrowingCommandTable;
  readonly #describer: RequestDescriber;
  /** What was told of each, by name. */
  readonly #essences = new Map<string, string>();
  #rowCount = 0;

  constructor(table: GrowingCommandTable, describer: RequestDescriber) {
    this.#table = table;
    this.#describer = describer;
  }

  /** Whether a command of this name, lower case, may be learned: one that is neither Redis's nor the configuration's. */
  isOpen(name: string): boolean {
    if (!isTableName(name)) return false;
    const bytes = encoder.encode(name);
    const row = this.#table.find(bytes, 0, bytes.length);
    return row === null || learnedDescription(row) !== null;
  }

  /** Learns commands whose names are open; what was told before in the same words stays as it is. */
  learn(commands: Iterable<ToldCommand>): void {
    const before = this.#rowCount;
    for (const told of commands) this.#learn(told);
    if (this.#rowCount > before) this.#describer.tableGrew();
  }

  /** Has a request with an unknown name go where its first argument is, if its name has a dot. */
  routeDotted(frame: RequestFrame, bytes: Uint8Array): void {
    this.#describer.describeDotted(frame, bytes);
  }

  #learn(told: ToldCommand): void {
    const essence = essenceOf(told);
    if (this.#essences.get(told.name) === essence) return;
    const description = describeTold(told);
    const definitions = definitionsOf(description);
    if (this.#rowCount + definitions.length > LEARNED_ROWS_MAX) return;
    this.#essences.set(told.name, essence);
    this.#rowCount += definitions.length;
    noteLearned(this.#table.add(definitions), description);
  }
}

const encoder = new TextEncoder();
