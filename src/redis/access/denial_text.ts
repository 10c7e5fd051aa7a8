/**
 * What clients are told of a denial, in the words of their servers' version.
 *
 * @module
 */
import { byteErrorReply } from "../../protocol/resp/write/replies.ts";
import { shown } from "../core/reply_builder.ts";
import type { ServerKind } from "../server/server_kind.ts";
import type { Denial } from "./permissions.ts";

/** Since when Redis names the user in a denial. */
const NAMING_MAJOR = 7;
const NAMING_MINOR = 2;

/** The error that answers a denied request. */
export function denialReply(denial: Denial, user: string, kind: ServerKind): Uint8Array {
  const { reason, command, option } = denial;
  if (option !== null) {
    return byteErrorReply(
      `ERR ${option} option of SORT denied due to insufficient ACL permissions.`,
    );
  }
  if (namesUsers(kind)) {
    return byteErrorReply(
      reason === "command"
        ? `NOPERM User ${user} has no permissions to run the '${shown(command)}' command`
        : `NOPERM No permissions to access a ${reason}`,
    );
  }
  const what = reason === "command"
    ? `run the '${shown(command)}' command`
    : `access one of the ${reason}s used as arguments`;
  return byteErrorReply(`NOPERM this user has no permissions to ${what}`);
}

/** What ACL DRYRUN says of it. */
export function denialSentence(denial: Denial, user: string, kind: ServerKind): string {
  const { reason, command, object } = denial;
  const who = namesUsers(kind) ? `User ${user}` : "This user";
  const what = reason === "command"
    ? `run the '${command}' command`
    : `access the '${object}' ${reason}`;
  return `${who} has no permissions to ${what}`;
}

function namesUsers({ product, version }: ServerKind): boolean {
  if (product === "valkey") return true;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > NAMING_MAJOR || (major === NAMING_MAJOR && minor >= NAMING_MINOR);
}
