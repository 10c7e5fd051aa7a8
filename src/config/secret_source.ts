/**
 * Secrets that stand elsewhere than in the configuration: `env:NAME` is a variable of the environment, `file:PATH` is
 * the text of a file; anything else is the secret itself.
 *
 * @module
 */
import { SECRET_CHARACTERS_LIMIT } from "./key_row.ts";
import type { Report } from "./problem.ts";
import { faulty, type Parsed, parsed } from "./socket_address.ts";

/** Where a secret is said to be. */
export type SecretPlace =
  | { readonly kind: "here" }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** What {@link readSecret} reads from. Either throws where it may not be read. */
export interface SecretReader {
  env(name: string): string | undefined;
  file(path: string): string;
}

/** Bytes of a file that are read: more than any secret has, whatever its characters are. */
const FILE_BYTES_MAX = 4 * SECRET_CHARACTERS_LIMIT + 2;

/** Variables that were read: the right to read them is given up behind the start, and a reload wants them again. */
const knownVariables = new Map<string, string>();

/** The process's own environment and files; asking first keeps Deno from prompting on a terminal. */
export const processSecrets: SecretReader = {
  env(name) {
    const known = knownVariables.get(name);
    const permission = { name: "env", variable: name } as const;
    if (known !== undefined && !isGranted(permission)) return known;
    demand(permission);
    const value = Deno.env.get(name);
    if (value !== undefined) knownVariables.set(name, value);
    return value;
  },
  file(path) {
    demand({ name: "read", path });
    return readBeginning(path);
  },
};

/** Says where a secret is, by how it begins. */
export function secretPlace(text: string): SecretPlace {
  if (text.startsWith("env:")) return { kind: "env", name: text.slice("env:".length) };
  if (text.startsWith("file:")) return { kind: "file", path: text.slice("file:".length) };
  return { kind: "here" };
}

/** Fetches a secret that goes into a header as it is; a fault names its place and never what stands there. */
export function readSecret(text: string, reader: SecretReader = processSecrets): Parsed<string> {
  const { value, fault } = readPassword(text, reader);
  if (fault !== null) return faulty(fault);
  return /^[\x21-\x7e]+$/.test(value)
    ? parsed(value)
    : faulty(`${placeName(text)} has other than visible ASCII characters`);
}

/** Fetches a secret that may have any characters; a fault names its place and never what stands there. */
export function readPassword(text: string, reader: SecretReader = processSecrets): Parsed<string> {
  const place = secretPlace(text);
  const what = placeName(text);
  if (place.kind === "here") return checked(text, what);
  if (place.kind === "env") {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(place.name)) return faulty("env: wants a variable's name");
    return attempt(what, () => reader.env(place.name));
  }
  if (place.path === "") return faulty("file: wants a path");
  // Editors and `echo` end a file by a line feed.
  return attempt(what, () => reader.file(place.path).replace(/\r?\n$/, ""));
}

/** What a file says of its secrets: fetches each, reports what cannot be had, and keeps in mind where they are. */
export class SecretPlaces {
  /** Where secrets of the file are that stand elsewhere. */
  readonly found: SecretPlace[] = [];
  readonly #reader: SecretReader | null;
  readonly #isWarning: boolean;

  /**
   * @param reader Null: nothing is fetched.
   * @param isWarning Whether what cannot be had here and now is no error.
   */
  constructor(reader: SecretReader | null, isWarning: boolean) {
    this.#reader = reader;
    this.#isWarning = isWarning;
  }

  /** The secret that `text` says; null where it cannot be had, which is reported. */
  fetch(text: string, path: string, report: Report): string | null {
    const place = secretPlace(text);
    if (place.kind !== "here") this.found.push(place);
    if (place.kind !== "here" && this.#reader === null) return UNREAD;
    const { value, fault } = readPassword(text, this.#reader ?? processSecrets);
    if (fault === null) return value;
    if (this.#isWarning && place.kind !== "here") {
      report.warning(path, fault);
      return UNREAD;
    }
    report.problem(path, fault);
    return null;
  }

  /**
   * The text of a file that is one secret, or belongs to one: at most `charactersMax`; "" where files are not read, and
   * null where it cannot be had, which is reported.
   */
  file(file: string, path: string, report: Report, charactersMax: number): string | null {
    const reader = this.#reader;
    if (reader === null) return "";
    const { value, fault } = attempt(`the file ${file}`, () => reader.file(file), charactersMax);
    if (fault === null) return value;
    if (this.#isWarning) report.warning(path, fault);
    else report.problem(path, fault);
    return this.#isWarning ? "" : null;
  }
}

/** Stands for a secret that nobody will use. */
const UNREAD = "unread";

function placeName(text: string): string {
  const place = secretPlace(text);
  if (place.kind === "here") return "it";
  return place.kind === "env" ? `the variable ${place.name}` : `the file ${place.path}`;
}

function attempt(
  what: string,
  read: () => string | undefined,
  charactersMax = SECRET_CHARACTERS_LIMIT,
): Parsed<string> {
  try {
    const secret = read();
    return secret === undefined
      ? faulty(`${what} is not set`)
      : checked(secret, what, charactersMax);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "does not exist"
      : error instanceof Deno.errors.NotCapable
      ? "may not be read: see --print-permissions"
      : "cannot be read";
    return faulty(`${what} ${reason}`);
  }
}

function checked(
  secret: string,
  what: string,
  charactersMax = SECRET_CHARACTERS_LIMIT,
): Parsed<string> {
  if (secret === "") return faulty(`${what} is empty`);
  if (secret.length > charactersMax) {
    return faulty(`${what} has more than ${charactersMax} characters`);
  }
  return parsed(secret);
}

/** The text of a file, or so much of it that it is seen to be too long: it may be a device without an end. */
function readBeginning(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(FILE_BYTES_MAX);
  let length = 0;
  for (;;) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null || count === 0) break;
    length += count;
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

function demand(permission: Deno.PermissionDescriptor): void {
  if (isGranted(permission)) return;
  throw new Deno.errors.NotCapable("not granted");
}
