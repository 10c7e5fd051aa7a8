/**
 * The users that clients may log in as. Passwords are kept as digests, and every attempt takes as long, whoever it
 * names.
 *
 * @module
 */
import type { UserConfig } from "../../config/config.ts";
import { isSameDigest, sha256 } from "../../hash/mod.ts";

/** The user of clients that give no name. */
export const DEFAULT_USER = "default";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What the password of an unknown user is compared with. */
const NOBODY = sha256(encoder.encode("nobody"));

/** Users of a cluster, with digests of their passwords. Checking one takes as long whether or not the user exists. */
export class Accounts {
  readonly #digests: ReadonlyMap<string, readonly Uint8Array[]>;

  constructor(users: readonly UserConfig[]) {
    this.#digests = new Map(
      users.map(({ username, passwords }) => [username, passwords.map(bytesOfHex)]),
    );
  }

  /** Whether clients have to log in. */
  get areWanted(): boolean {
    return this.#digests.size > 0;
  }

  /** Whether the configuration names this user. */
  has(name: string): boolean {
    return this.#digests.has(name);
  }

  /** The user that this password belongs to, or null. Without users the default user has any password. */
  check(username: Uint8Array | null, password: Uint8Array): string | null {
    const name = username === null ? DEFAULT_USER : decoder.decode(username);
    if (!this.areWanted) return name === DEFAULT_USER ? name : null;
    const expected = this.#digests.get(name);
    const given = sha256(password);
    // All are compared, whichever fits.
    let isRight = false;
    for (const digest of expected ?? [NOBODY]) {
      if (isSameDigest(digest, given)) isRight = true;
    }
    return isRight && expected !== undefined ? name : null;
  }
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
