/**
 * Users as the loader makes them, for tests that run clusters without a file.
 *
 * @module
 */
import type { UserConfig, UserLimits } from "../../../src/config/config.ts";
import { sha256 } from "../../../src/hash/mod.ts";

/** A user with passwords in clear. */
export function userWith(username: string, ...passwords: string[]): UserConfig {
  return { username, passwords: passwords.map(digestOf), limits: null, rate: null };
}

/** A user with the password `secret` who may do what `limits` say. */
export function limitedUser(username: string, limits: Partial<UserLimits>): UserConfig {
  const none = { commands: null, readOnly: false, keyPatterns: null, channelPatterns: null };
  return { ...userWith(username, "secret"), limits: { ...none, scripts: null, ...limits } };
}

/** The digest of a password in hexadecimal digits. */
export function digestOf(password: string): string {
  const digest = sha256(new TextEncoder().encode(password));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
