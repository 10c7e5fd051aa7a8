/**
 * Rows that are not Redis's: those of modules, as the configuration names them, and the one that stands for any name
 * with a dot.
 *
 * @module
 */
import {
  type CommandDefinition,
  type CommandRow,
  type CommandTable,
  createCommandTable,
} from "../../command_table.ts";
import { respCommands, respDefinitions } from "./mod.ts";
import { forward, Read, Write } from "./row.ts";

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
  if (custom.length === 0) return respCommands;
  return createCommandTable([...respDefinitions, ...custom.map(definitionOf)]);
}

/** Whether Redis has a command of this name. */
export function isRespCommand(name: string): boolean {
  return respDefinitions.some((definition) => definition.name === name);
}

/**
 * The row of a command that no table has, which goes where its first argument is. It may change data: nothing is known
 * of it.
 */
export const DOTTED_ROW: CommandRow = createCommandTable([forward("dotted", -2, Write, 1, 1, 1)])
  .rows[0]!;

function definitionOf(command: CustomCommand): CommandDefinition {
  const { name, firstKey, lastKey, keyStep, isRead } = command;
  const arity = -(Math.max(firstKey, lastKey) + 1);
  return forward(name, arity, isRead ? Read : Write, firstKey, lastKey, keyStep);
}
