/**
 * The keys that hold names and passwords: who may connect, and who the proxy is to its backends. Nothing here
 * shows a value.
 *
 * @module
 */
import type { BackendCredentials, UserConfig } from "./config.ts";
import { joinPath } from "./key_names.ts";
import type { Report } from "./problem.ts";
import { SECRET_CHARACTERS_LIMIT } from "./key_row.ts";
import { USERS_LIMIT } from "./schema.ts";

/** The user of clients that give no name; Redis's. */
export const DEFAULT_USER = "default";

/** What the keys of one cluster say. */
interface Keys {
  readonly password?: string | undefined;
  readonly auth?: string | Record<string, unknown> | undefined;
  readonly backend_password?: string | undefined;
  readonly backend_auth?: string | Record<string, unknown> | undefined;
}

/** Where the keys stand. */
interface Place {
  pathOf(key: string): string;
  readonly report: Report;
}

/** A branch of aster 1.x gave the word of this key to the servers and asked nothing of clients. */
const AUTH_OF_CLIENTS =
  "clients must log in with it, and nothing is sent to the servers: if this file is of an " +
  "aster that sent it to them, write backend_password; if not, password says the same";

/** Who may connect; nobody is named where everybody may. `auth` wins over `password`. */
export function readUsers(keys: Keys, { pathOf, report }: Place): UserConfig[] {
  const { auth, password } = keys;
  if (auth === undefined) {
    return password === undefined ? [] : [{ username: DEFAULT_USER, password }];
  }
  if (typeof auth === "string") {
    const saysBoth = keys.backend_auth !== undefined || keys.backend_password !== undefined;
    if (!saysBoth) report.warning(pathOf("auth"), AUTH_OF_CLIENTS);
    return [{ username: DEFAULT_USER, password: auth }];
  }
  const path = pathOf("auth");
  reportUnknown(auth, ["password", "users"], path, report);
  const users: UserConfig[] = [];
  if ("password" in auth) {
    const own = readSecret(auth, "password", path, report);
    if (own !== null) users.push({ username: DEFAULT_USER, password: own });
  }
  users.push(...readUserList(auth.users, joinPath(path, "users"), report));
  reportRepeated(users, path, report);
  if (users.length === 0) report.problem(path, "expected a password, users, or both");
  return users;
}

/** Who the proxy is to its backends, or null. `backend_auth` wins over `backend_password`. */
export function readBackendCredentials(
  { backend_auth: auth, backend_password: password }: Keys,
  { pathOf, report }: Place,
): BackendCredentials | null {
  if (auth === undefined) return password === undefined ? null : { username: null, password };
  if (typeof auth === "string") return { username: null, password: auth };
  const path = pathOf("backend_auth");
  reportUnknown(auth, ["username", "password"], path, report);
  const own = readSecret(auth, "password", path, report);
  const username = "username" in auth ? readName(auth, path, report) : null;
  return own === null ? null : { username, password: own };
}

function readUserList(value: unknown, path: string, report: Report): UserConfig[] {
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
    reportUnknown(table, ["username", "password"], entryPath, report);
    const username = readName(table, entryPath, report);
    const password = readSecret(table, "password", entryPath, report);
    return username === null || password === null ? [] : [{ username, password }];
  });
}

/** A user's name, which clients' lists show. */
function readName(table: Record<string, unknown>, path: string, report: Report): string | null {
  const name = readSecret(table, "username", path, report);
  if (name === null || /^[!-~]+$/.test(name)) return name;
  report.problem(joinPath(path, "username"), "expected printable ASCII characters without spaces");
  return null;
}

function readSecret(
  table: Record<string, unknown>,
  key: string,
  path: string,
  report: Report,
): string | null {
  const value = table[key];
  if (typeof value === "string" && value !== "" && value.length <= SECRET_CHARACTERS_LIMIT) {
    return value;
  }
  const expected = `expected a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters`;
  report.problem(joinPath(path, key), value === undefined ? `missing: ${expected}` : expected);
  return null;
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
