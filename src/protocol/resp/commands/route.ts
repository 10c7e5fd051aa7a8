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
import type { KeyRefusal } from "../key_finders/routed_keys.ts";
import type { HandlerId } from "./handlers.ts";

/** Merges by short names, so that records stay on one line. */
export const {
  All,
  AllSucceeded,
  Any,
  Concatenated,
  Elements,
  FirstReply,
  Greatest,
  Least,
  OneSucceeded,
  Sum,
} = Merge;

/** Places of timeouts by short names. */
export const { FifthWord, FirstWord, FourthWord, LastWord } = Timeout;

/** Which word of a call is of the script, by short names. */
export const { ScriptBody, ScriptDigest } = CommandFlag;

/** What the proxy does with a command. */
export interface Route {
  readonly action: ActionCode;
  readonly merge: MergeCode;
  /** Bits of `CommandFlag` besides those that follow from Redis's flags. */
  readonly flags: number;
  /** Finds keys that the specifications do not tell, or not as servers carry requests out; null: they do. */
  readonly keyFinder: KeyFinder | null;
  /** What is said of requests whose keys cannot be found; null: what is said of most. */
  readonly keyRefusal: KeyRefusal | null;
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

/** Of a command that goes to the one backend that has its keys. */
export const BY_KEY: Route = {
  action: Action.Forward,
  merge: Merge.None,
  flags: 0,
  keyFinder: null,
  keyRefusal: null,
  handler: null,
  timeout: Timeout.None,
  reason: null,
  isBehindSubcommand: false,
  mayBlock: false,
  text: null,
};

/** Of a family of commands: it goes to the backend of the key that stands behind the subcommand. */
export const BEHIND_SUBCOMMAND: Route = { ...BY_KEY, isBehindSubcommand: true };

/** Of a subcommand with which is done what is done with its command. */
export const WITH_ITS_COMMAND: Route = BY_KEY;

/** Of a command that is forwarded, and whose keys, or some of them, are not where its specifications say. */
export function keysBy(keyFinder: KeyFinder, text: string | null = null): Route {
  return { ...BY_KEY, keyFinder, text };
}

/** Of a command that is forwarded, and has words of its own for requests whose keys cannot be found. */
export function byKeyOr(keyRefusal: KeyRefusal): Route {
  return { ...BY_KEY, keyRefusal };
}

/** Of a command that runs a client's script or function; `flags` say which of its words are of the script. */
export function script(keyRefusal: KeyRefusal, flags = 0): Route {
  const text = "keys together; without keys: any backend";
  return { ...BY_KEY, keyRefusal, text, flags: CommandFlag.Script | flags };
}

/** Of a command that is forwarded, but over a connection of its own where an option has it block: the key finder says so. */
export function mayBlock(keyFinder: KeyFinder): Route {
  const text = "keys together; with `BLOCK` over a connection of its own";
  return {
    ...keysBy(keyFinder, text),
    handler: "block",
    timeout: Timeout.BlockOption,
    mayBlock: true,
  };
}

/** Of a command that becomes one request per backend. */
export function split(merge: MergeCode): Route {
  return { ...BY_KEY, action: Action.Split, merge };
}

/** Of a command that goes as it is to every backend that holds keys. */
export function everyShard(merge: MergeCode): Route {
  return { ...BY_KEY, action: Action.EveryShard, merge };
}

/** Of a command that the proxy answers. */
export function answered(handler: HandlerId, text: string): Route {
  return { ...BY_KEY, action: Action.Local, handler, text };
}

/** Of a command that the proxy answers once all earlier requests of the client are answered. */
export function barrier(handler: HandlerId, text: string): Route {
  return { ...answered(handler, text), flags: CommandFlag.Barrier };
}

/** A route of which the answer is made of the replies of all servers that hold keys. */
export function ofAllShards(route: Route): Route {
  return { ...route, flags: route.flags | CommandFlag.AllShards };
}

/**
 * Of a command that runs on a connection of its own, once all earlier requests of the client are answered; its keys choose the
 * backend.
 */
export function dedicated(handler: HandlerId, text: string): Route {
  return { ...answered(handler, text), flags: CommandFlag.Barrier | CommandFlag.Queued };
}

/** Of a command that waits on a connection of its own for another client's act, at most as long as it says. */
export function blocks(timeout: TimeoutCode, keyRefusal: KeyRefusal | null = null): Route {
  return {
    ...dedicated("block", "keys together, over a connection of its own"),
    timeout,
    keyRefusal,
  };
}

/** Of a message that is published where its channel's key would be. */
export function published(keyFinder: KeyFinder, text: string): Route {
  return { ...keysBy(keyFinder, text), flags: CommandFlag.Broadcast };
}

/** Of a command about the servers themselves: refused, unless the configuration has it forwarded. */
export function administration(reason: string): Route {
  return { ...refused(reason), flags: CommandFlag.Administration };
}

/** Of a command that is answered with an error; `reason` completes "… is not supported: ". */
export function refused(reason: string): Route {
  return { ...BY_KEY, action: Action.Refuse, reason };
}
