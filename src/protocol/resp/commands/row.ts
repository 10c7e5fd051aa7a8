/**
 * What the rows of Redis's commands are made with: one call a row, the columns in the order of Redis's own
 * `COMMAND` reply (arity, flags, first key, last key, step), then what the proxy does.
 *
 * @module
 */
import {
  Action,
  type CommandDefinition,
  CommandFlag,
  type KeyFinder,
  Merge,
  type MergeCode,
} from "../../command_table.ts";

/** Column values by short names, so that rows stay on one line. */
export const { AllShards, Read, Script, Write } = CommandFlag;
/** Column values by short names, so that rows stay on one line. */
export const { AllSucceeded, Concatenated, Elements, Least, Sum } = Merge;

const plain = {
  keyFinder: null,
  merge: Merge.None,
  refusal: null,
};

/** A command that goes to the one backend that has its keys. */
export function forward(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
): CommandDefinition {
  return { ...plain, name, arity, flags, firstKey, lastKey, keyStep, action: Action.Forward };
}

/** A forwarded command whose keys, or some of them, must be looked for. */
export function moving(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
  keyFinder: KeyFinder,
): CommandDefinition {
  return { ...forward(name, arity, flags, firstKey, lastKey, keyStep), keyFinder };
}

/** A command that becomes one request per backend. */
export function split(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
  merge: MergeCode,
): CommandDefinition {
  return {
    ...forward(name, arity, flags, firstKey, lastKey, keyStep),
    action: Action.Split,
    merge,
  };
}

/** A command that goes as it is to every backend that holds keys. */
export function everyShard(
  name: string,
  arity: number,
  flags: number,
  merge: MergeCode,
): CommandDefinition {
  return { ...forward(name, arity, flags, 0, 0, 0), action: Action.EveryShard, merge };
}

/** A command that the proxy answers itself. */
export function local(name: string, arity: number, flags = 0): CommandDefinition {
  return { ...forward(name, arity, flags, 0, 0, 0), action: Action.Local };
}

/** A command that the proxy answers itself once all earlier requests of the client are answered. */
export function barrier(name: string, arity: number, flags = 0): CommandDefinition {
  return { ...local(name, arity), flags: flags | CommandFlag.Barrier };
}

/**
 * A command that runs on a connection of its own, once all earlier requests of the client are answered; its keys
 * choose the backend.
 */
export function dedicated(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
  keyFinder: KeyFinder | null = null,
): CommandDefinition {
  return {
    ...forward(name, arity, flags | CommandFlag.Barrier, firstKey, lastKey, keyStep),
    action: Action.Local,
    keyFinder,
  };
}

/** A command that the proxy answers itself, and whose keys `COMMAND` shows. */
export function withKeys(
  definition: CommandDefinition,
  firstKey: number,
  lastKey: number,
  keyStep: number,
): CommandDefinition {
  return { ...definition, firstKey, lastKey, keyStep };
}

/** A command that is answered with an error; `reason` completes "… is not supported: ". */
export function refuse(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
  reason: string,
): CommandDefinition {
  return {
    ...forward(name, arity, flags, firstKey, lastKey, keyStep),
    action: Action.Refuse,
    refusal: refusalText(name, reason),
  };
}

/** Text of an error that refuses a command, or one form of it, without the error's code. */
export function refusalText(what: string, reason: string): string {
  return `'${what}' is not supported: ${reason}`;
}
