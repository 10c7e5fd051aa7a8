/**
 * `rate_limit`: how many requests there may be, and of whom they are counted together.
 *
 * @module
 */
import type { RateLimitConfig } from "./config.ts";
import { isTable, joinPath } from "./key_names.ts";
import { type FieldRows, oneOf } from "./key_row.ts";
import type { EntryPlace, Report } from "./problem.ts";

/** Most requests a second, and at once. */
export const RATE_MAX = 10_000_000;

const PER = ["client", "address", "user", "cluster"] as const;
const PER_OF_USERS = ["client", "address", "user"] as const;

/** The keys of `rate_limit`. */
export const rateLimitFields = {
  per_second: {
    default: null,
    accepted: `1 to ${RATE_MAX}`,
    meaning: "Requests a second in the long run.",
  },
  burst: {
    default: "`per_second`",
    accepted: `1 to ${RATE_MAX}`,
    meaning: "Requests at once after a rest.",
  },
  per: {
    default: "`client`",
    accepted: PER.map((one) => `\`${one}\``).join(", "),
    meaning: "Whose requests are counted together.",
  },
} as const satisfies FieldRows;

const FIELDS = Object.keys(rateLimitFields);

/** The limit of one cluster, or null where there is none; what is wrong is reported, all at once. */
export function readRateLimit(
  table: Record<string, unknown> | undefined,
  { pathOf, report }: EntryPlace,
): RateLimitConfig | null {
  return table === undefined ? null : readRate(table, pathOf("rate_limit"), report, "client", PER);
}

/** The limit of one user, whose requests are counted together unless something else is said. */
export function readUserRate(
  table: unknown,
  path: string,
  report: Report,
): RateLimitConfig | null {
  if (table === undefined) return null;
  if (isTable(table)) return readRate(table, path, report, "user", PER_OF_USERS);
  report.problem(path, "expected a table such as { per_second = 100 }", table);
  return null;
}

function readRate(
  table: Record<string, unknown>,
  path: string,
  report: Report,
  defaultPer: RateLimitConfig["per"],
  allPer: readonly RateLimitConfig["per"][],
): RateLimitConfig | null {
  let isRight = true;
  const fault = (key: string, message: string) => {
    report.problem(joinPath(path, key), message, table[key]);
    isRight = false;
  };
  for (const key of Object.keys(table)) {
    if (!FIELDS.includes(key)) fault(key, `unknown key: expected ${FIELDS.join(", ")}`);
  }
  const { per_second: perSecond, burst = perSecond, per = defaultPer } = table;
  const expected = `expected an integer from 1 to ${RATE_MAX}`;
  if (perSecond === undefined) fault("per_second", `missing: ${expected} (requests)`);
  else if (!isCount(perSecond)) fault("per_second", `${expected} (requests)`);
  if ("burst" in table && !isCount(burst)) fault("burst", `${expected} (requests)`);
  const known = allPer.find((one) => one === per);
  if (known === undefined) fault("per", `expected ${oneOf(allPer)}`);
  if (!isRight) return null;
  return { perSecond: perSecond as number, burst: burst as number, per: known! };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= RATE_MAX;
}
