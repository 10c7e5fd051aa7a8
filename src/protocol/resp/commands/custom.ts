/**
 * Rows that are not Redis's: those of modules, as the configuration names them, and the one that stands for any name
 * with a dot.
 *
 * @module
 */
import {
  CommandFlag,
  type CommandRow,
  type CommandTable,
  createCommandTable,
  type GrowingCommandTable,
} from "../../command_table.ts";
import { type CommandDescription, definitionsOf, describe } from "./catalogue.ts";
import { learnedDescription } from "./learned.ts";
import { respCommands, respDefinitions, respDescriptions } from "./mod.ts";
import { BY_KEY } from "./route.ts";

/** A command as the configuration describes it. */
export interface CustomCommand {
  /** Lower case. */
  readonly name: string;
  /** Index of the first key among the words; 0: it has none. */
  readonly firstKey: number;
  /** Index of the last key; negative counts from the end. */
  readonly lastKey: number;
  readonly keyStep: number;
  /** Whether it changes nothing, so that it may go to a replica. */
  readonly isRead: boolean;
}

/** Redis's commands and those of the configuration. */
export function createRespCommands(custom: readonly CustomCommand[]): CommandTable {
  return custom.length === 0 ? respCommands : createGrowingCommands(custom);
}

/** Redis's commands and those of the configuration, in a table that nobody else has, so that others can be added. */
export function createGrowingCommands(custom: readonly CustomCommand[]): GrowingCommandTable {
  return createCommandTable([
    ...respDefinitions,
    ...custom.flatMap((command) => definitionsOf(describeCustom(command))),
  ]);
}

/** Whether Redis has a command of this name. */
export function isRespCommand(name: string): boolean {
  return respDefinitions.some((definition) => definition.name === name);
}

/** What is known of the command of a row: of one that the configuration names, what its columns say. */
export function descriptionOf(row: CommandRow): CommandDescription {
  if (row === DOTTED_ROW) return DOTTED_DESCRIPTION;
  return respDescriptions.get(row.name) ?? learnedDescription(row) ??
    describeCustom({ ...row, isRead: (row.flags & CommandFlag.Read) !== 0 });
}

/** What is said of a command that no table has: it may change data, as nothing is known of it. */
export const DOTTED_DESCRIPTION: CommandDescription = {
  ...describe(["dotted", -2, "write", "RW access update: 1", BY_KEY]),
  areKeysKnown: false,
};

/** The row of such a command, which goes where its first argument is. */
export const DOTTED_ROW: CommandRow = createCommandTable(definitionsOf(DOTTED_DESCRIPTION))
  .rows[0]!;

/** What is known of a command of the configuration. */
export function describeCustom(command: CustomCommand): CommandDescription {
  const { name, firstKey, lastKey, isRead } = command;
  const arity = -(Math.max(firstKey, lastKey) + 1);
  return describe([name, arity, isRead ? "readonly" : "write", keysOf(command), BY_KEY]);
}

/** The keys in the form of a record. */
function keysOf({ firstKey, lastKey, keyStep, isRead }: CustomCommand): string {
  if (firstKey === 0) return "";
  const last = lastKey < 0 ? `${lastKey}` : `+${lastKey - firstKey}`;
  return `${isRead ? "RO access" : "RW access update"}: ${firstKey} to ${last} step ${keyStep}`;
}
