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
import { type Report, SHOWN_CHARACTERS_LIMIT } from "./problem.ts";

/** Most rules of one user, and commands that one cluster denies. */
export const RULES_LIMIT = 1_024;
/** Most patterns of keys, or of channels, of one user. */
export const PATTERNS_LIMIT = 256;
/** Longest pattern, in characters. */
export const PATTERN_CHARACTERS_LIMIT = 512;

/** The keys that limit a user. */
export const LIMIT_KEYS = ["commands", "read_only", "key_patterns", "channel_patterns", "scripts"];
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
