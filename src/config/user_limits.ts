/**
 * What users may do: the keys of a user's table besides its name and password, and the commands that a cluster denies
 * to everybody.
 *
 * @module
 */
import { type RuledCommands, whyNoRule } from "../protocol/command_rules.ts";
import { ruledCommands } from "../protocol/resp/commands/ruled.ts";
import { ruledMemcacheCommands } from "../protocol/memcache/ruled.ts";
import type { ClusterType, CustomCommandConfig, UserLimits } from "./config.ts";
import { joinPath } from "./key_names.ts";
import type { FieldRows } from "./key_row.ts";
import { type Report, SHOWN_CHARACTERS_LIMIT } from "./problem.ts";

/** Most rules of one user, and commands that one cluster denies. */
export const RULES_LIMIT = 1_024;
/** Most patterns of keys, or of channels, of one user. */
export const PATTERNS_LIMIT = 256;
/** Longest pattern, in characters. */
export const PATTERN_CHARACTERS_LIMIT = 512;

const PATTERNS = `at most ${PATTERNS_LIMIT} strings of 1 to ${PATTERN_CHARACTERS_LIMIT} characters`;

/** The keys that limit a user. */
export const limitFields = {
  commands: {
    default: "all, or all but `@admin` for who is limited",
    accepted: `at most ${RULES_LIMIT} strings`,
    meaning:
      "Rules from left to right, as in Redis: `@read`, `-keys`, `config|get`, `-@dangerous`, " +
      "`select|0`. Without a sign `+` is meant. Commands with a dot in their name that nothing " +
      "describes are granted by `@all` or by name. Whoever is limited and has no rules may use all " +
      "but `@admin`.",
  },
  read_only: {
    default: "false",
    accepted: "`true`, `false`",
    meaning: "Nothing that writes or administers; of scripts only the `_RO` forms.",
  },
  key_patterns: {
    default: "all keys",
    accepted: PATTERNS,
    meaning:
      "Globs; `%R~` before one: to read only, `%W~`: to write only. Every key of a request is " +
      "compared. What has to do with keys that it does not name is denied: `KEYS`, `SCAN`, " +
      "`RANDOMKEY`, `DBSIZE`, `FLUSHALL`, `SORT` with `BY` or `GET`, commands that nobody knows, " +
      "administration, and scripts.",
  },
  channel_patterns: {
    default: "all channels; none with `key_patterns`",
    accepted: PATTERNS,
    meaning:
      "Globs of channels, for those who publish and those who listen; a pattern of `PSUBSCRIBE` " +
      "has to be one of them to the letter. Whose keys are limited has no channels unless they are " +
      "said: servers publish the names of keys.",
  },
  scripts: {
    default: "`true`; `false` with `key_patterns`",
    accepted: "`true`, `false`",
    meaning:
      "Whether scripts and functions may be run. With `true` and `key_patterns` the keys that a " +
      "script declares are compared, and nobody knows what else it uses.",
  },
} as const satisfies FieldRows;

/** Those of them that only clusters know that speak Redis's protocol. */
const RESP_KEYS = ["channel_patterns", "scripts"];

/** Where a table stands, and which commands its cluster has. */
export interface LimitsPlace {
  readonly path: string;
  readonly report: Report;
  /** Null where the cluster's type is not known, which was reported. */
  readonly commands: RuledCommands | null;
  readonly type: ClusterType | undefined;
}

/** The commands of a cluster that rules can speak of; null where its type is not known. */
export function commandsToRule(
  type: ClusterType | undefined,
  custom: readonly CustomCommandConfig[],
): RuledCommands | null {
  if (type === undefined) return null;
  return type === "memcache" ? ruledMemcacheCommands() : ruledCommands(custom);
}

/** What the table of a user says; null where it limits nothing. What is wrong is reported. */
export function readUserLimits(
  table: Record<string, unknown>,
  place: LimitsPlace,
): UserLimits | null {
  if (place.type === "memcache") {
    for (const key of RESP_KEYS) {
      if (!(key in table)) continue;
      place.report.problem(joinPath(place.path, key), "has no meaning for memcache: remove it");
    }
  }
  const limits = {
    commands: readRules(table, "commands", place),
    readOnly: readSwitch(table, "read_only", place) ?? false,
    keyPatterns: readPatterns(table, "key_patterns", place),
    channelPatterns: readPatterns(table, "channel_patterns", place),
    scripts: readSwitch(table, "scripts", place),
  };
  const { readOnly, ...others } = limits;
  return readOnly || Object.values(others).some((value) => value !== null) ? limits : null;
}

/** The list of `deny_commands`. */
export function readDeniedCommands(
  list: readonly unknown[] | undefined,
  { path, report, commands }: LimitsPlace,
): string[] {
  if (list === undefined) return [];
  if (list.length > RULES_LIMIT) {
    report.problem(path, `expected at most ${RULES_LIMIT} names, not ${list.length}`);
    return [];
  }
  return list.flatMap((entry, index) => {
    const isName = typeof entry === "string" && !/^[+-]/.test(entry);
    const fault = !isName
      ? "names and categories of commands, without a sign"
      : commands === null
      ? null
      : whyNoRule(`-${entry}`, commands);
    if (fault === null) return [(entry as string).toLowerCase()];
    report.problem(`${path}[${index}]`, `expected ${fault}, not ${quoted(entry)}`);
    return [];
  });
}

/** A rule as messages show it: values are clipped in front of an `@`, which categories begin with. */
function quoted(rule: unknown): string {
  return typeof rule === "string"
    ? JSON.stringify(rule.slice(0, SHOWN_CHARACTERS_LIMIT))
    : String(rule);
}

function readRules(
  table: Record<string, unknown>,
  key: string,
  { path, report, commands }: LimitsPlace,
): string[] | null {
  const list = readList(table, key, RULES_LIMIT, { path, report });
  for (const [index, rule] of (list ?? []).entries()) {
    const fault = commands === null ? null : whyNoRule(rule, commands);
    if (fault !== null) {
      report.problem(`${joinPath(path, key)}[${index}]`, `expected ${fault}, not ${quoted(rule)}`);
    }
  }
  return list;
}

function readPatterns(
  table: Record<string, unknown>,
  key: string,
  { path, report }: Pick<LimitsPlace, "path" | "report">,
): string[] | null {
  const list = readList(table, key, PATTERNS_LIMIT, { path, report });
  for (const [index, pattern] of (list ?? []).entries()) {
    if (pattern !== "" && pattern.length <= PATTERN_CHARACTERS_LIMIT) continue;
    report.problem(
      `${joinPath(path, key)}[${index}]`,
      `expected a pattern of 1 to ${PATTERN_CHARACTERS_LIMIT} characters`,
      pattern,
    );
  }
  return list;
}

function readList(
  table: Record<string, unknown>,
  key: string,
  limit: number,
  { path, report }: Pick<LimitsPlace, "path" | "report">,
): string[] | null {
  const value = table[key];
  if (value === undefined) return null;
  const isList = Array.isArray(value) && value.length <= limit &&
    value.every((entry) => typeof entry === "string");
  if (isList) return value as string[];
  report.problem(joinPath(path, key), `expected an array of at most ${limit} strings`, value);
  return null;
}

function readSwitch(
  table: Record<string, unknown>,
  key: string,
  { path, report }: Pick<LimitsPlace, "path" | "report">,
): boolean | null {
  const value = table[key];
  if (value === undefined || typeof value === "boolean") return value ?? null;
  report.problem(joinPath(path, key), "expected true or false", value);
  return null;
}
