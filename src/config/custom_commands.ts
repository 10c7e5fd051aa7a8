/**
 * `[clusters.commands]`: commands of modules, and which of their words are keys.
 *
 * @module
 */
import { isRespCommand } from "../protocol/resp/commands/custom.ts";
import type { CustomCommandConfig } from "./config.ts";
import { joinPath } from "./key_names.ts";
import type { FieldRows } from "./key_row.ts";
import type { EntryPlace, Report } from "./problem.ts";

/** Most commands of one cluster. */
export const CUSTOM_COMMANDS_LIMIT = 1_024;
/** Highest index of a key. */
export const KEY_INDEX_LIMIT = 100;

/** The keys of one command. */
export const customCommandFields = {
  key: {
    default: null,
    accepted: `0 to ${KEY_INDEX_LIMIT}`,
    meaning:
      "Index of the first key among the words, the command's name being 0. 0: it has no keys, " +
      "and goes to any server.",
  },
  last: {
    default: "`key`",
    accepted: `\`key\` to ${KEY_INDEX_LIMIT}, or ${-KEY_INDEX_LIMIT} to -1`,
    meaning: "Index of the last key; negative: from the end.",
  },
  step: {
    default: "1",
    accepted: `1 to ${KEY_INDEX_LIMIT}`,
    meaning: "How far one key is from the next.",
  },
  read: {
    default: "false",
    accepted: "`true`, `false`",
    meaning: "`true`: it changes nothing, and may go to a replica.",
  },
} as const satisfies FieldRows;

const FIELDS = Object.keys(customCommandFields);

/** The commands of one cluster; what is wrong is reported, all at once. */
export function readCustomCommands(
  table: Record<string, unknown> | undefined,
  { pathOf, report }: EntryPlace,
): CustomCommandConfig[] {
  const path = pathOf("commands");
  const entries = Object.entries(table ?? {});
  if (entries.length > CUSTOM_COMMANDS_LIMIT) {
    report.problem(path, `expected at most ${CUSTOM_COMMANDS_LIMIT} commands`);
    return [];
  }
  const commands = entries.flatMap(([written, value]) => {
    const command = readCommand(written, value, joinPath(path, written), report);
    return command === null ? [] : [command];
  });
  const names = commands.map(({ name }) => name);
  for (const name of names.filter((one, index) => names.indexOf(one) !== index)) {
    report.problem(joinPath(path, name), "the same command twice, in another spelling: keep one");
  }
  return commands;
}

function readCommand(
  written: string,
  value: unknown,
  path: string,
  report: Report,
): CustomCommandConfig | null {
  const name = written.toLowerCase();
  if (!/^[!-@[-~]{1,31}$/.test(name) || name.includes("|")) {
    report.problem(path, "expected a name of 1 to 31 printable characters without spaces and |");
    return null;
  }
  if (isRespCommand(name)) {
    report.problem(path, "a command of Redis: how it is routed is known");
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report.problem(path, "expected a table such as { key = 1 }", value);
    return null;
  }
  return readFields(name, value as Record<string, unknown>, path, report);
}

function readFields(
  name: string,
  table: Record<string, unknown>,
  path: string,
  report: Report,
): CustomCommandConfig | null {
  let isRight = true;
  const fault = (key: string, message: string) => {
    report.problem(joinPath(path, key), message, table[key]);
    isRight = false;
  };
  for (const key of Object.keys(table)) {
    if (!FIELDS.includes(key)) fault(key, `unknown key: expected ${FIELDS.join(", ")}`);
  }
  const { key: firstKey, last = firstKey, step = 1, read = false } = table;
  if (!isWithin(firstKey, 0)) fault("key", `expected an integer from 0 to ${KEY_INDEX_LIMIT}`);
  if (!isWithin(step, 1)) fault("step", `expected an integer from 1 to ${KEY_INDEX_LIMIT}`);
  if (typeof read !== "boolean") fault("read", "expected true or false");
  const hasLast = isWithin(last, -KEY_INDEX_LIMIT) && isLast(firstKey, last);
  if (!hasLast && isWithin(firstKey, 0)) {
    fault("last", "expected an integer that is not before the first key, or counts from the end");
  }
  if (!isRight) return null;
  return {
    name,
    firstKey: firstKey as number,
    lastKey: last as number,
    keyStep: step as number,
    isRead: read as boolean,
  };
}

function isWithin(value: unknown, least: number): value is number {
  return Number.isInteger(value) && (value as number) >= least &&
    (value as number) <= KEY_INDEX_LIMIT;
}

/** No keys, or an end behind their beginning. */
function isLast(firstKey: unknown, last: number): boolean {
  if (!isWithin(firstKey, 0)) return true;
  return firstKey === 0 ? last === 0 : last < 0 || last >= firstKey;
}
