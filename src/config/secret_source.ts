/**
 * Secrets that stand elsewhere than in the configuration: `env:NAME` is a variable of the environment, `file:PATH` is
 * the text of a file; anything else is the secret itself.
 *
 * @module
 */
import { SECRET_CHARACTERS_LIMIT } from "./key_row.ts";
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

/** The process's own environment and files; asking first keeps Deno from prompting on a terminal. */
export const processSecrets: SecretReader = {
  env(name) {
    demand({ name: "env", variable: name });
    return Deno.env.get(name);
  },
  file(path) {
    demand({ name: "read", path });
    return Deno.readTextFileSync(path);
  },
};

/** Says where a secret is, by how it begins. */
export function secretPlace(text: string): SecretPlace {
  if (text.startsWith("env:")) return { kind: "env", name: text.slice("env:".length) };
  if (text.startsWith("file:")) return { kind: "file", path: text.slice("file:".length) };
  return { kind: "here" };
}

/** Fetches the secret; a fault names its place and never what stands there. */
export function readSecret(text: string, reader: SecretReader = processSecrets): Parsed<string> {
  const place = secretPlace(text);
  if (place.kind === "here") return checked(text, "it");
  if (place.kind === "env") {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(place.name)) return faulty("env: wants a variable's name");
    const what = `the variable ${place.name}`;
    return attempt(what, () => reader.env(place.name));
  }
  if (place.path === "") return faulty("file: wants a path");
  // Editors and `echo` end a file by a line feed.
  return attempt(`the file ${place.path}`, () => reader.file(place.path).replace(/\r?\n$/, ""));
}

function attempt(what: string, read: () => string | undefined): Parsed<string> {
  try {
    const secret = read();
    return secret === undefined ? faulty(`${what} is not set`) : checked(secret, what);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "does not exist"
      : error instanceof Deno.errors.NotCapable
      ? "may not be read: see --print-permissions"
      : "cannot be read";
    return faulty(`${what} ${reason}`);
  }
}

function checked(secret: string, what: string): Parsed<string> {
  if (secret === "") return faulty(`${what} is empty`);
  if (secret.length > SECRET_CHARACTERS_LIMIT) {
    return faulty(`${what} has more than ${SECRET_CHARACTERS_LIMIT} characters`);
  }
  // It goes into a header as it is.
  return /^[\x21-\x7e]+$/.test(secret)
    ? parsed(secret)
    : faulty(`${what} has other than visible ASCII characters`);
}

function demand(permission: Deno.PermissionDescriptor): void {
  if (Deno.permissions.querySync(permission).state === "granted") return;
  throw new Deno.errors.NotCapable("not granted");
}
