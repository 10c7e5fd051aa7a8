/**
 * The keys that hold names and passwords: who may connect, and who the proxy is to its backends. Nothing here
 * shows a value.
 *
 * @module
 */
import type { BackendCredentials, UserConfig } from "./config.ts";
import { joinPath } from "./key_names.ts";
import type { EntryPlace, Report } from "./problem.ts";
import { sha256 } from "../hash/mod.ts";
import { type FieldRows, SECRET_CHARACTERS_LIMIT } from "./key_row.ts";
import type { SecretPlaces } from "./secret_source.ts";
import { readUserRate } from "./rate_limit.ts";
import { PASSWORDS_LIMIT, USERS_LIMIT } from "./schema.ts";
import { limitFields, type LimitsPlace, readUserLimits } from "./user_limits.ts";

/** The user of clients that give no name; Redis's. */
export const DEFAULT_USER = "default";

/** The keys of one of the `users` of `auth`. */
export const userFields = {
  username: {
    default: null,
    accepted: `1 to ${SECRET_CHARACTERS_LIMIT} visible ASCII characters`,
    meaning: "Whom clients log in as.",
  },
  password: {
    default: null,
    accepted:
      `1 to ${SECRET_CHARACTERS_LIMIT} characters, or a list of 1 to ${PASSWORDS_LIMIT} of these`,
    meaning: "What they log in by; of a list any will do. See [secrets](#secrets).",
  },
  rate: {
    default: "the cluster's",
    accepted: "as [`rate_limit`](#rate-limits)",
    meaning:
      "Takes the place of `rate_limit` for this user; counted `per` `user` unless `client` or " +
      "`address` is said.",
  },
  ...limitFields,
} as const satisfies FieldRows;

/** How the digest of a password begins that stands in its place. */
const DIGEST_PREFIX = "sha256:";
const encoder = new TextEncoder();

/** What the keys of one cluster say. */
interface Keys {
  readonly password?: string | readonly string[] | undefined;
  readonly auth?: string | Record<string, unknown> | undefined;
  readonly backend_password?: string | undefined;
  readonly backend_auth?: string | Record<string, unknown> | undefined;
}

/** Where the keys stand, and what fetches secrets that stand elsewhere. */
interface Place extends EntryPlace {
  readonly secrets: SecretPlaces;
}

/** The same where users stand who may be limited. */
interface UsersPlace extends Place, Pick<LimitsPlace, "commands" | "type"> {}

/** What reads one table. */
interface Reading extends LimitsPlace {
  readonly secrets: SecretPlaces;
}

/** A branch of aster 1.x gave the word of this key to the servers and asked nothing of clients. */
const AUTH_OF_CLIENTS =
  "clients must log in with it, and nothing is sent to the servers: if this file is of an " +
  "aster that sent it to them, write backend_password; if not, password says the same";

/** Who may connect; nobody is named where everybody may. `auth` wins over `password`. */
export function readUsers(
  keys: Keys,
  { pathOf, report, secrets, commands, type }: UsersPlace,
): UserConfig[] {
  const { auth, password } = keys;
  if (auth === undefined) {
    if (password === undefined) return [];
    return defaultUser(passwordsOf(password, pathOf("password"), { report, secrets }));
  }
  const path = pathOf("auth");
  if (typeof auth === "string") {
    const saysBoth = keys.backend_auth !== undefined || keys.backend_password !== undefined;
    if (!saysBoth) report.warning(path, AUTH_OF_CLIENTS);
    return defaultUser(passwordsOf(auth, path, { report, secrets }));
  }
  const reading = { path, report, secrets, commands, type };
  reportUnknown(auth, ["password", "users"], path, report);
  const users: UserConfig[] = [];
  if ("password" in auth) users.push(...defaultUser(readPasswords(auth, reading)));
  users.push(...readUserList(auth.users, { ...reading, path: joinPath(path, "users") }));
  reportRepeated(users, path, report);
  if (users.length === 0) report.problem(path, "expected a password, users, or both");
  return users;
}

/** Who the proxy is to its backends, or null. `backend_auth` wins over `backend_password`. */
export function readBackendCredentials(
  { backend_auth: auth, backend_password }: Keys,
  { pathOf, report, secrets }: Place,
): BackendCredentials | null {
  const word = auth ?? backend_password;
  if (word === undefined) return null;
  const path = pathOf(auth === undefined ? "backend_password" : "backend_auth");
  if (typeof word === "string") {
    const password = secrets.fetch(word, path, report);
    return password === null ? null : { username: null, password };
  }
  reportUnknown(word, ["username", "password"], path, report);
  const own = readString(word, "password", path, report);
  const username = "username" in word ? readName(word, path, report) : null;
  const password = own === null ? null : secrets.fetch(own, joinPath(path, "password"), report);
  return password === null ? null : { username, password };
}

function defaultUser(passwords: string[] | null): UserConfig[] {
  return passwords === null
    ? []
    : [{ username: DEFAULT_USER, passwords, limits: null, rate: null }];
}

function readUserList(value: unknown, reading: Reading): UserConfig[] {
  const { path, report } = reading;
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > USERS_LIMIT) {
    report.problem(path, `expected an array of at most ${USERS_LIMIT} tables`);
    return [];
  }
  return value.flatMap((entry: unknown, index) => {
    const entryPath = `${path}[${index}]`;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
      report.problem(entryPath, "expected a table with username and password");
      return [];
    }
    const table = entry as Record<string, unknown>;
    reportUnknown(table, Object.keys(userFields), entryPath, report);
    const username = readName(table, entryPath, report);
    const passwords = readPasswords(table, { ...reading, path: entryPath });
    const limits = readUserLimits(table, { ...reading, path: entryPath });
    const rate = readUserRate(table.rate, joinPath(entryPath, "rate"), report);
    return username === null || passwords === null ? [] : [{ username, passwords, limits, rate }];
  });
}

/** A user's name, which clients' lists show. */
function readName(table: Record<string, unknown>, path: string, report: Report): string | null {
  const name = readString(table, "username", path, report);
  if (name === null || /^[!-~]+$/.test(name)) return name;
  report.problem(joinPath(path, "username"), "expected printable ASCII characters without spaces");
  return null;
}

/** The passwords of a user as digests, any of which lets in; null where something is wrong. */
function readPasswords(
  table: Record<string, unknown>,
  { path, report, secrets }: Pick<Reading, "path" | "report" | "secrets">,
): string[] | null {
  const value = table.password;
  const isList = Array.isArray(value) && value.every(isSecretText);
  if (isList || isSecretText(value)) {
    return passwordsOf(value, joinPath(path, "password"), { report, secrets });
  }
  const expected = `${STRING}, or a list of these`;
  report.problem(
    joinPath(path, "password"),
    value === undefined ? `missing: ${expected}` : expected,
  );
  return null;
}

function passwordsOf(
  words: string | readonly string[],
  path: string,
  { report, secrets }: Pick<Reading, "report" | "secrets">,
): string[] | null {
  if (typeof words === "string") {
    const digest = digestOf(words, path, report, secrets);
    return digest === null ? null : [digest];
  }
  if (words.length === 0 || words.length > PASSWORDS_LIMIT) {
    report.problem(path, `expected 1 to ${PASSWORDS_LIMIT} passwords, not ${words.length}`);
    return null;
  }
  const digests = words.map((word, index) => digestOf(word, `${path}[${index}]`, report, secrets));
  return digests.some((digest) => digest === null) ? null : digests as string[];
}

/** The digest of a password, which may stand elsewhere, or be given as its digest. */
function digestOf(
  word: string,
  path: string,
  report: Report,
  secrets: SecretPlaces,
): string | null {
  const password = secrets.fetch(word, path, report);
  if (password === null) return null;
  if (!password.startsWith(DIGEST_PREFIX)) return hexOf(sha256(encoder.encode(password)));
  const digest = password.slice(DIGEST_PREFIX.length).toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digest)) return digest;
  report.problem(path, `expected 64 hexadecimal digits behind ${DIGEST_PREFIX}`);
  return null;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const STRING = `expected a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters`;

function readString(
  table: Record<string, unknown>,
  key: string,
  path: string,
  report: Report,
): string | null {
  const value = table[key];
  if (isSecretText(value)) return value;
  report.problem(joinPath(path, key), value === undefined ? `missing: ${STRING}` : STRING);
  return null;
}

function isSecretText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= SECRET_CHARACTERS_LIMIT;
}

function reportUnknown(
  table: Record<string, unknown>,
  known: readonly string[],
  path: string,
  report: Report,
): void {
  for (const key of Object.keys(table)) {
    if (known.includes(key)) continue;
    report.problem(joinPath(path, key), `unknown key: expected ${known.join(" or ")}`);
  }
}

function reportRepeated(users: readonly UserConfig[], path: string, report: Report): void {
  const seen = new Set<string>();
  for (const { username } of users) {
    if (seen.has(username)) report.problem(path, "a user name occurs twice: keep one");
    seen.add(username);
  }
}
