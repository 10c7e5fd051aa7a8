/**
 * Finds out which known key a written one is: case and underscores do not count, because published
 * configurations differ in both (`cachetype`, `readfromslave`).
 *
 * @module
 */
import { foreignName } from "./foreign_names.ts";
import type { KeyRow } from "./key_row.ts";
import { levenshteinDistance, valibot } from "../../deps.ts";
import { type Report, showKey } from "./problem.ts";
import { clusterKeys, type KeyRows, laterKeys, runtimeKeys, type ValuesOf } from "./schema.ts";

/** A table of the file whose keys are known and whose values passed the type checks. */
export interface CheckedTable<Rows extends KeyRows> {
  /** Path of the table, such as `clusters[1]`. */
  path: string;
  /** The values that passed, by canonical key. */
  values: ValuesOf<Rows>;
  /** Canonical keys that are in the file, also those whose values did not pass. */
  present: ReadonlySet<string>;
  /** Path of a key as it is written in the file, or by its canonical name if it is not there. */
  pathOf(key: keyof Rows & string): string;
}

/** What a table of the file is compared with. */
export interface TableShape<Rows extends KeyRows> {
  path: string;
  rows: Rows;
  report: Report;
  /** Whether an unknown key is an error. */
  isStrict: boolean;
}

/** Reduces a key to what counts: lower case, no underscores. */
export function canonicalForm(key: string): string {
  return key.toLowerCase().replaceAll("_", "");
}

/** Characters of a written name that are compared with known ones. */
const COMPARED_CHARACTERS_MAX = 80;
/** Of this many characters of a written name one may be wrong for another name to be the one that was meant. */
const CHARACTERS_PER_EDIT = 3;
/** Characters from which on a part of a name says which is meant. */
const PART_CHARACTERS_MIN = 3;

/**
 * The known name that takes the fewest edits to reach, the first of several; null if none is near enough to be what
 * was meant.
 */
export function nearestName(written: string, known: readonly string[]): string | null {
  const form = canonicalForm(written.slice(0, COMPARED_CHARACTERS_MAX));
  let nearest: string | null = null;
  let fewest = Infinity;
  for (const name of known) {
    const edits = levenshteinDistance(form, canonicalForm(name));
    if (edits < fewest && isNear(form, canonicalForm(name), edits)) {
      [nearest, fewest] = [name, edits];
    }
  }
  return nearest;
}

function isNear(written: string, known: string, edits: number): boolean {
  if (edits <= Math.ceil(written.length / CHARACTERS_PER_EDIT)) return true;
  const [part, whole] = written.length < known.length ? [written, known] : [known, written];
  return part.length >= PART_CHARACTERS_MIN && whole.includes(part);
}

/** Whether a parsed value is a table. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

/**
 * Sorts the keys of a table by canonical name and reports what is unknown, repeated in another
 * spelling, not built yet, or dangerous to ignore.
 *
 * @returns Written keys by canonical key, for the known ones.
 */
export function matchKeys(
  table: Record<string, unknown>,
  known: readonly string[],
  { path, report, isStrict }: { path: string; report: Report; isStrict: boolean },
): Map<string, string> {
  const written = new Map<string, string>();
  const names = new Map(
    [...known, ...laterKeys].map((name) => [canonicalForm(name), name]),
  );
  for (const key of Object.keys(table)) {
    const keyPath = joinPath(path, key);
    const name = names.get(canonicalForm(key));
    if (name === undefined) {
      const message = unknownKeyMessage(key, known, path);
      if (isProtecting(key) && !isSwitchedOff(key, table[key])) {
        report.problem(keyPath, `${message}; ${UNPROTECTED}`);
      } // A secret must not be passed over because it stands in the wrong table.
      else if (isStrict || isSecretKey(key)) report.problem(keyPath, message);
      else report.warning(keyPath, message);
      continue;
    }
    const other = written.get(name);
    if (other !== undefined) {
      report.problem(keyPath, `the same key as ${showKey(other)} in another spelling: keep one`);
      continue;
    }
    written.set(name, key);
    reportUnsupported(name, keyPath, report);
  }
  return written;
}

/** Matches the keys of a table and checks the type and range of each value. */
export function checkTable<Rows extends KeyRows>(
  table: Record<string, unknown>,
  shape: TableShape<Rows>,
): CheckedTable<Rows> {
  const { path, rows, report } = shape;
  const written = matchKeys(table, Object.keys(rows), shape);
  const pathOf = (key: string): string => joinPath(path, written.get(key) ?? key);
  const values: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(rows)) {
    const writtenKey = written.get(key);
    if (writtenKey === undefined) {
      if (row.isRequired) report.problem(pathOf(key), `missing: expected ${row.expected}`);
      continue;
    }
    const result = valibot.safeParse(row.schema, table[writtenKey]);
    if (result.success) {
      values[key] = result.output;
      continue;
    }
    const shown = row.isSecret ? undefined : table[writtenKey];
    report.problem(pathOf(key), `expected ${row.expected}`, shown);
  }
  return { path, values: values as ValuesOf<Rows>, present: new Set(written.keys()), pathOf };
}

/** Path of a key in the table at `path`. */
export function joinPath(path: string, key: string): string {
  return path === "" ? showKey(key) : `${path}.${showKey(key)}`;
}

/**
 * Words of keys that ask for protection: passwords, encryption, and who may do what. Names of other programs and
 * misspelt ones count: a file that asks for protection in whatever words must not run without it.
 */
const PROTECTING = new RegExp(
  [
    ...[
      "pas+_?w",
      "pwd",
      "(^|_)pw$",
      "pas+$",
      "passphrase",
      "auth",
      "login",
      "jwt",
      "sasl",
      "ldap",
    ],
    ...["secret", "credential", "token", "api_?key", "kerberos"],
    ...["tls", "ssl", "https", "transport_?socket", "crypt", "cipher", "hmac", "signature", "x509"],
    ...["cert", "(^|_)(ca|pem)(_|$)", "ca_?(file|path|dir|bundle)", "key_?(file|path|store)"],
    ...["priv(ate)?_?key", "verif(y|ied|ication)", "insecur", "secur", "trust"],
    ...[
      "acl",
      "rbac",
      "access(?!_?log)",
      "restrict",
      "^polic(y|ies)$",
      "perm(ission)?s?$",
      "roles?$",
    ],
    ...["(white|black|allow|deny|block|permit|ban)_?(ed_?)?(list|ips?$|from|hosts?|cidr)", "cidr"],
    ...["^(allow|deny)", "_(allow|deny)(ed)?$", "denied", "forbid", "firewall", "protect"],
    ...["read_?only", "^users?$", "user_?list", "(disabled?|blocked|hidden|rename)_?commands?"],
  ].join("|"),
);

/** Long names of what protects. Whoever misses one of them by a letter or two has meant it. */
const PROTECTING_NAMES = ["password", "requirepass", "masterauth", "certificate", "encryption"];
/** Letters that may be wrong in one of them. */
const PROTECTING_EDITS_MAX = 2;

/** Why an unknown key that protects is an error. */
const UNPROTECTED =
  "ignoring it could leave open what it is to protect: remove it only if that is acceptable";

function isProtecting(key: string): boolean {
  const name = wordsOf(key);
  const form = canonicalForm(key.slice(0, COMPARED_CHARACTERS_MAX));
  return PROTECTING.test(name) ||
    PROTECTING_NAMES.some((known) => levenshteinDistance(form, known) <= PROTECTING_EDITS_MAX);
}

/** Names of switches and secrets that ask for nothing where they are `false` or empty. */
const SWITCHES = new RegExp(
  [
    "^(use_|enable_|backend_|redis_)*(m?tls|ssl|https|auth|sasl|acl)(_enabled?|_on|_mode)?$",
    "^(redis_|master_|proxy_)?(require_?pass|password|passwd|auth|secret|token)$",
    "^(tls|ssl)_?(cert|key|ca)(_?(file|path))?$|^(ca|cert|key)_?(file|path)$",
  ].join("|"),
);
/** What is said of one of these that has a place here. */

/**
 * Whether a key asks for nothing, as example files have it. Of other names that is not known: an empty list of whom to
 * let in may mean nobody.
 */
function isSwitchedOff(key: string, value: unknown): boolean {
  return (value === false || value === "") && SWITCHES.test(wordsOf(key));
}

/** A name in lower case, with `_` between its words. */
function wordsOf(key: string): string {
  return key.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().replaceAll("-", "_");
}

function isSecretKey(key: string): boolean {
  return Object.entries<KeyRow<unknown, unknown>>(clusterKeys).some(([name, row]) =>
    row.isSecret === true && canonicalForm(name) === canonicalForm(key)
  );
}

function reportUnsupported(name: string, path: string, report: Report): void {
  if ((laterKeys as readonly string[]).includes(name)) {
    report.warning(path, "accepted, but it has no effect yet");
  }
}

function unknownKeyMessage(key: string, known: readonly string[], path: string): string {
  const isAmong = (rows: KeyRows): boolean =>
    Object.keys(rows).some((name) => canonicalForm(name) === canonicalForm(key));
  const isClusterKey = isAmong(clusterKeys);
  if (isClusterKey && path === "") return "unknown key: it belongs under [[clusters]]";
  if (isClusterKey) return "unknown key: it belongs to a [[clusters]] entry";
  if (isAmong(runtimeKeys)) return "unknown key: it belongs under [runtime]";
  const foreign = foreignName(key);
  if (foreign !== null) return `unknown key: ${foreign}`;
  const isCluster = known.includes("servers");
  const nearest = nearestName(key, isCluster ? [...known, ...laterKeys] : known);
  return nearest === null
    ? "unknown key: docs/configuration.md lists the known ones"
    : `unknown key: the nearest known name is "${nearest}"`;
}
