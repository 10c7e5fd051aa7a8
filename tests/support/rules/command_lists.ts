/**
 * Finds code that names commands of Redis where it should ask what their records say: lists of names, and comparisons
 * with a name. A command that is added later would be forgotten there.
 *
 * @module
 */
import { type SourceFile, withoutComments } from "./repository.ts";

/** Where commands are named: the records themselves, and memcache's, which have lists of their own. */
const CATALOGUES = /^src\/(protocol\/resp\/commands|protocol\/memcache|memcached)\//;

/** Files that name commands all the same, and why. The list is to become shorter. */
const EXCEPTIONS: Record<string, string> = {
  "src/protocol/resp/write/replies.ts":
    "EXEC says of a wrong number of words that the transaction is over",
  "src/redis/server/admin_commands.ts":
    "ACL WHOAMI, CONFIG RESETSTAT, DEBUG SLEEP and SLOWLOG BACKENDS are told apart by their words",
};

/** A comparison with a name, or with how one begins. */
const COMPARISON = /\bname\b(?: (?:===|!==) |\.startsWith\()"([\w|-]+)"/g;
/** A set, a map or an array of texts. */
const LIST = /new (?:Set|Map)\(([^]*?)\);|= \[([^]*?)\];/g;
/** An object by texts. */
const TABLE = /Record<string, [^]*?> = \{\n([^]*?)\n\};/g;

/**
 * Every such place, one line each, and every exception that is none any more.
 *
 * @param names Names of all commands.
 */
export function findCommandLists(
  files: readonly SourceFile[],
  names: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  const excused = new Set<string>();
  for (const { path, text } of files) {
    if (!/^src\/.*\.ts$/.test(path) || CATALOGUES.test(path)) continue;
    const places = commandListsIn(withoutComments(text), names);
    if (path in EXCEPTIONS && places.length > 0) excused.add(path);
    else found.push(...places.map((place) => `${path}: ${place}`));
  }
  const stale = Object.keys(EXCEPTIONS).filter((path) => !excused.has(path));
  return [...found, ...stale.map((path) => `${path}: exception is stale`)];
}

function commandListsIn(code: string, names: ReadonlySet<string>): string[] {
  const compared = [...code.matchAll(COMPARISON)].filter(([, name]) => names.has(name!))
    .map(([text]) => text);
  const lists = [...code.matchAll(LIST)].map((match) => quotedWords(match[1] ?? match[2]!));
  const tables = [...code.matchAll(TABLE)].map((match) => keysOf(match[1]!));
  const listed = [...lists, ...tables].filter((words) =>
    words.length > 1 && words.every((word) => names.has(word))
  );
  return [...compared, ...listed.map((words) => words.join(" "))];
}

function quotedWords(code: string): string[] {
  return [...code.matchAll(/"([^"\n]*)"/g)].flatMap(([, text]) => text!.split(" "))
    .filter((word) => word !== "");
}

/** The keys of an object's outermost level. */
function keysOf(code: string): string[] {
  return [...code.matchAll(/^ {2}"?([\w-]+)"?: /gm)].map((match) => match[1]!);
}
