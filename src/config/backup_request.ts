/**
 * `backup_request`: when a read that takes long is asked of a replica as well.
 *
 * @module
 */
import type { BackupRequestConfig } from "./config.ts";
import { joinPath } from "./key_names.ts";
import type { FieldRows } from "./key_row.ts";
import type { EntryPlace } from "./problem.ts";

/** Without the table, or as far as it leaves something out. */
export const NO_BACKUP_REQUESTS: BackupRequestConfig = {
  isEnabled: false,
  triggerSlowMs: null,
  multiplier: 2,
  maxPercent: 5,
};

const SLOW_MAX_MS = 3_600_000;
const MULTIPLIER_MAX = 1_000;

/** The keys of `backup_request`. */
export const backupRequestFields = {
  enabled: {
    default: `${NO_BACKUP_REQUESTS.isEnabled}`,
    accepted: "`true`, `false`",
    meaning: "Whether a replica is asked as well.",
  },
  trigger_slow_ms: {
    default: "none",
    accepted: `1 to ${SLOW_MAX_MS}`,
    meaning:
      "A read that has taken longer is slow, milliseconds. Not set: only `multiplier` counts.",
  },
  multiplier: {
    default: `${NO_BACKUP_REQUESTS.multiplier}`,
    accepted: `1 to ${MULTIPLIER_MAX}`,
    meaning: "A read that has taken longer than so many times the mean of late is slow, too.",
  },
  max_percent: {
    default: `${NO_BACKUP_REQUESTS.maxPercent}`,
    accepted: "0 to 100",
    meaning: "Such questions by a hundred requests at the most.",
  },
} as const satisfies FieldRows;

const FIELDS = Object.keys(backupRequestFields);

/** Reads the table; what is wrong is reported, all at once. */
export function readBackupRequest(
  table: Record<string, unknown> | undefined,
  { pathOf, report }: EntryPlace,
): BackupRequestConfig {
  if (table === undefined) return NO_BACKUP_REQUESTS;
  const path = pathOf("backup_request");
  const number = (key: string, lowest: number, highest: number, unit: string): number | null => {
    const value = table[key];
    if (value === undefined) return null;
    if (typeof value === "number" && value >= lowest && value <= highest) return value;
    const expected = `expected a number from ${lowest} to ${highest} (${unit})`;
    report.problem(joinPath(path, key), expected, value);
    return null;
  };
  for (const key of Object.keys(table)) {
    if (FIELDS.includes(key)) continue;
    report.problem(joinPath(path, key), `unknown key: expected ${FIELDS.join(", ")}`, table[key]);
  }
  const { enabled = false } = table;
  if (typeof enabled !== "boolean") {
    report.problem(joinPath(path, "enabled"), "expected true or false", enabled);
  }
  return {
    isEnabled: enabled === true,
    triggerSlowMs: number("trigger_slow_ms", 1, SLOW_MAX_MS, "ms"),
    multiplier: number("multiplier", 1, MULTIPLIER_MAX, "times the mean") ??
      NO_BACKUP_REQUESTS.multiplier,
    maxPercent: number("max_percent", 0, 100, "percent") ?? NO_BACKUP_REQUESTS.maxPercent,
  };
}
