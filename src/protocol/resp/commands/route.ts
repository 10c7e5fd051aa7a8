/**
 * What the proxy does with a command: the last of the columns that every record has.
 *
 * @module
 */
import {
  Action,
  type ActionCode,
  CommandFlag,
  type KeyFinder,
  Merge,
  type MergeCode,
  Timeout,
  type TimeoutCode,
} from "../../command_table.ts";
import type { HandlerId } from "./handlers.ts";

/** Merges by short names, so that records stay on one line. */
export const { AllSucceeded, Concatenated, Elements, Least, Sum } = Merge;

/** Places of timeouts by short names. */
export const { FifthWord, FirstWord, FourthWord, LastWord } = Timeout;

/** What the proxy does with a command. */
export interface Route {
  readonly action: ActionCode;
  readonly merge: MergeCode;
  /** Bits of `CommandFlag` besides those that follow from Redis's flags. */
  readonly flags: number;
  /** Finds keys that have no fixed place. */
  readonly keyFinder: KeyFinder | null;
  /** Who answers it, or what may block in it. */
  readonly handler: HandlerId | null;
  /** Where it says how long it may block. */
  readonly timeout: TimeoutCode;
  /** Why it is refused. */
  readonly reason: string | null;
  /** Whether the subcommand says where the key is. */
  readonly isBehindSubcommand: boolean;
  /** Whether it has a form that may block, which the key finder tells from the other. */
  readonly mayBlock: boolean;
  /** What docs/commands.md says of it, where that does not follow from the other fields. */
  readonly text: string | null;
}

/** It goes to the one backend that has its keys. */
export const BY_KEY: Route = {
  action: Action.Forward,
  merge: Merge.None,
  flags: 0,
  keyFinder: null,
  handler: null,
  timeout: Timeout.None,
  reason: null,
  isBehindSubcommand: false,
  mayBlock: false,
  text: null,
};

/** It is a family of commands, and goes to the backend of the key that stands behind the subcommand. */
export const BEHIND_SUBCOMMAND: Route = { ...BY_KEY, isBehindSubcommand: true };

/** It is a subcommand, and what is done with its command is done with it. */
export const WITH_ITS_COMMAND: Route = BY_KEY;

/** It is forwarded, and its keys, or some of them, must be looked for. */
export function keysBy(keyFinder: KeyFinder, text: string | null = null): Route {
  return { ...BY_KEY, keyFinder, text };
}

/** It runs a client's script or function. */
export function script(keyFinder: KeyFinder): Route {
  const text = "keys together; without keys: any backend";
  return { ...keysBy(keyFinder, text), flags: CommandFlag.Script };
}

/** It is forwarded, but over a connection of its own where an option has it block: the key finder says so. */
export function mayBlock(keyFinder: KeyFinder): Route {
  const text = "keys together; with `BLOCK` over a connection of its own";
  return {
    ...keysBy(keyFinder, text),
    handler: "block",
    timeout: Timeout.BlockOption,
    mayBlock: true,
  };
}

/** It becomes one request per backend. */
export function split(merge: MergeCode): Route {
  return { ...BY_KEY, action: Action.Split, merge };
}

/** It goes as it is to every backend that holds keys. */
export function everyShard(merge: MergeCode): Route {
  return { ...BY_KEY, action: Action.EveryShard, merge };
}

/** The proxy answers it. */
export function answered(handler: HandlerId, text: string): Route {
  return { ...BY_KEY, action: Action.Local, handler, text };
}

/** The proxy answers it once all earlier requests of the client are answered. */
export function barrier(handler: HandlerId, text: string): Route {
  return { ...answered(handler, text), flags: CommandFlag.Barrier };
}

/** The same where the answer is made of the replies of all servers that hold keys. */
export function ofAllShards(route: Route): Route {
  return { ...route, flags: route.flags | CommandFlag.AllShards };
}

/**
 * It runs on a connection of its own, once all earlier requests of the client are answered; its keys choose the
 * backend.
 */
export function dedicated(handler: HandlerId, text: string): Route {
  return { ...answered(handler, text), flags: CommandFlag.Barrier | CommandFlag.Queued };
}

/** The same for one that waits for another client's act, at most as long as it says. */
export function blocks(timeout: TimeoutCode, keyFinder: KeyFinder | null = null): Route {
  return {
    ...dedicated("block", "keys together, over a connection of its own"),
    timeout,
    keyFinder,
  };
}

/** It is published where its channel's key would be. */
export function published(keyFinder: KeyFinder, text: string): Route {
  return { ...keysBy(keyFinder, text), flags: CommandFlag.Broadcast };
}

/** It is about the servers themselves: refused, unless the configuration has it forwarded. */
export function administration(reason: string): Route {
  return { ...refused(reason), flags: CommandFlag.Administration };
}

/** It is answered with an error; `reason` completes "… is not supported: ". */
export function refused(reason: string): Route {
  return { ...BY_KEY, action: Action.Refuse, reason };
}
