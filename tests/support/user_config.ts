/**
 * Users as the loader makes them, for tests that run clusters without a file.
 *
 * @module
 */
import type { UserConfig } from "../../src/config/config.ts";
import { sha256 } from "../../src/hash/mod.ts";

/** A user with passwords in clear. */
export function userWith(username: string, ...passwords: string[]): UserConfig {
  return { username, passwords: passwords.map(digestOf) };
}

/** The digest of a password in hexadecimal digits. */
export function digestOf(password: string): string {
  const digest = sha256(new TextEncoder().encode(password));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
