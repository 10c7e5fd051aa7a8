/**
 * What the records of commands say for those who judge requests: which command a request is of, and what that has to do
 * with keys.
 *
 * @module
 */
import {
  BLOCKING_FORM_SUFFIX,
  CommandFlag,
  type CommandRow,
} from "../../protocol/command_table.ts";
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import { descriptionOf, DOTTED_ROW } from "../../protocol/resp/commands/custom.ts";
import type { FoundKey } from "../core/key_list.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { textOfBytes } from "../pubsub/push_frame.ts";
import { type KeyPatterns, KeyUse } from "./key_patterns.ts";

const SCRIPTING = "@scripting";
const ADMINISTRATION = "@admin";
const DANGEROUS = "@dangerous";
/** Categories of commands that have nothing to do with keys unless they say so; scripts are judged by themselves. */
const APART_FROM_KEYS = new Set(["@connection", "@transaction", "@pubsub", SCRIPTING]);
/** How the names of subcommands end that tell how a command is used. */
const HELP = "|help";

/** Bytes of a word that are looked at as text: more than any name has. */
const WORD_BYTES_MAX = 1_024;

/** Whether a command is about the servers or the proxy themselves. */
export function isAdministration({ categories, route, subcommands }: CommandDescription): boolean {
  if (categories.includes(ADMINISTRATION)) return true;
  // Of a family its members tell.
  return subcommands.length === 0 && (route.flags & CommandFlag.Administration) !== 0;
}

/** Whether the audit log has requests of a command. */
export function isNoteworthy(command: CommandDescription): boolean {
  return isAdministration(command) || command.categories.includes(DANGEROUS);
}

/** What is known of the command that a request is of: of its subcommand, or of itself where it has none. */
export function commandOf(request: LocalRequest): { command: CommandDescription; name: string } {
  const row = request.frame.row!;
  const command = describedCommand(row);
  const judged = subcommandOf(command, request) ?? command;
  return { command: judged, name: nameOf(row, judged, request) };
}

/** What is known of a row's command; a row's own name may say which form of it this is. */
export function describedCommand(row: CommandRow): CommandDescription {
  if (!row.name.endsWith(BLOCKING_FORM_SUFFIX)) return descriptionOf(row);
  return descriptionOf({ ...row, name: row.name.slice(0, -BLOCKING_FORM_SUFFIX.length) });
}

/** The subcommand that is asked for, or the command itself where it has none; null: none that is known. */
export function subcommandOf(
  command: CommandDescription,
  request: LocalRequest,
): CommandDescription | null {
  const { subcommands } = command;
  if (subcommands.length === 0 || request.wordCount < 2) return command;
  const name = `${command.name}|${textAt(request, 1).toLowerCase()}`;
  return subcommands.find((subcommand) => subcommand.name === name) ?? null;
}

/** The name by which a request is judged: that of its command or subcommand. */
export function nameOf(
  row: CommandRow,
  command: CommandDescription,
  request: LocalRequest,
): string {
  return row === DOTTED_ROW ? textAt(request, 0).toLowerCase() : command.name;
}

/** Whether a command has keys; channels are none. */
export function hasKeys({ keySearch }: CommandDescription): boolean {
  return keySearch !== null;
}

/** Whether a command without keys may have to do with keys all the same. Scripts are allowed or not by themselves. */
export function reachesUnnamedKeys(command: CommandDescription): boolean {
  const { name, flags, states, categories } = command;
  if (flags.includes("readonly") || flags.includes("write")) return true;
  if (isAdministration(command)) return true;
  if (states.includes("keyless") || name.endsWith(HELP)) return false;
  return !categories.some((category) => APART_FROM_KEYS.has(category));
}

/** Whether keys of this specification cannot be told from the request: those that SORT makes of patterns. */
export function readsUnnamedKeys({ start, flags }: CommandDescription["keys"][number]): boolean {
  return start === null && flags.includes("access");
}

/** Whether who may only read may use a command. */
export function onlyReads(command: CommandDescription): boolean {
  const isScript = (command.route.flags & CommandFlag.Script) !== 0;
  if (isScript) return command.flags.includes("readonly");
  return !command.flags.includes("write") && !isAdministration(command);
}

/**
 * What a command does to each of its keys alike, as far as patterns tell uses apart. Null: that differs, or not all of
 * its keys are those that it is routed by: of several options with a key the last one counts there.
 */
export function useAlike(
  { keys, keyParser }: CommandDescription,
  { areWhole }: KeyPatterns,
): number | null {
  const options = keys.filter(({ start }) => start !== null && "keyword" in start);
  if (options.length > 1) return null;
  if (areWhole) return KeyUse.Both;
  const uses = new Set(keys.map(useOf));
  const [use] = uses;
  return keyParser === null && uses.size === 1 ? use! : null;
}

/** What happens to a key, as bits of {@link KeyUse}. */
export function useOf({ flags }: Pick<FoundKey, "flags">): number {
  const isWritten = flags.some((flag) =>
    flag === "insert" || flag === "update" || flag === "delete"
  );
  return (flags.includes("access") ? KeyUse.Read : 0) | (isWritten ? KeyUse.Write : 0);
}

/** One word, with one character a byte; the others are not looked at. */
export function textAt(request: LocalRequest, word: number): string {
  const raw = request.raw(word);
  return textOfBytes(raw, 0, Math.min(raw.length, WORD_BYTES_MAX));
}

/** Whether a command is about scripts or functions. */
export function isOfScripts({ categories }: CommandDescription): boolean {
  return categories.includes(SCRIPTING);
}
