/**
 * AUTH where no password is configured: as a Redis server without passwords answers it.
 *
 * @module
 */
import { errorReply, OK_REPLY } from "../protocol/resp/replies.ts";

/** Redis's words for a user it does not have. */
export const WRONG_PASSWORD: Uint8Array = errorReply(
  "WRONGPASS invalid username-password pair or user is disabled.",
);
const NO_PASSWORD = errorReply(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);
const SYNTAX_ERROR = errorReply("ERR syntax error");

/** Whether `name` may log in; the default user may, with any password. */
export function isUser(name: string): boolean {
  return name === "default";
}

/** Answers AUTH [user] password. */
export function authAnswer(words: readonly string[]): Uint8Array {
  if (words.length > 3) return SYNTAX_ERROR;
  if (words.length === 2) return NO_PASSWORD;
  return isUser(words[1]!) ? OK_REPLY : WRONG_PASSWORD;
}
