/**
 * CLIENT TRACKING: its options are read as a server reads them. It cannot be switched on, as invalidations do not
 * follow a client over connections that it shares with others; so it is always off.
 *
 * @module
 */
import {
  errorReply,
  NOT_AN_INTEGER,
  OK_REPLY,
  SYNTAX_ERROR,
} from "../../protocol/resp/write/replies.ts";
import { readInteger } from "../core/integer.ts";

const NO_CLIENT = errorReply("ERR The client ID you want redirect to does not exist");
const REDIRECTED_TWICE = errorReply(
  "ERR A client can only redirect to a single other client",
);
const NEEDS_BCAST = errorReply("ERR PREFIX option requires BCAST mode to be enabled");
const NOT_WITH_BCAST = errorReply("ERR OPTIN and OPTOUT are not compatible with BCAST");
const BOTH_MODES = errorReply("ERR You can't specify both OPTIN mode and OPTOUT mode");
const NOT_SUPPORTED = errorReply(
  "ERR CLIENT TRACKING ON is not supported: " +
    "invalidations cannot follow a client over shared connections",
);
const SWITCHES = new Set(["bcast", "optin", "optout", "noloop"]);

/**
 * Answers CLIENT TRACKING, whose words behind that are `words`, at least one.
 *
 * @param isClient Whether there is a client of this id.
 */
export function trackingAnswer(
  words: readonly string[],
  isClient: (id: number) => boolean,
): Uint8Array {
  const switched = new Set<string>();
  let redirectedTo = 0;
  let hasPrefix = false;
  for (let index = 1; index < words.length; index++) {
    const option = words[index]!.toLowerCase();
    const isLast = index + 1 === words.length;
    if (option === "redirect" && !isLast) {
      index += 1;
      if (redirectedTo !== 0) return REDIRECTED_TWICE;
      const id = readInteger(words[index]!);
      if (id === null) return NOT_AN_INTEGER;
      if (!isClient(Number(id))) return NO_CLIENT;
      redirectedTo = Number(id);
    } else if (option === "prefix" && !isLast) {
      index += 1;
      hasPrefix = true;
    } else if (SWITCHES.has(option)) {
      switched.add(option);
    } else {
      return SYNTAX_ERROR;
    }
  }
  if (/^off$/i.test(words[0]!)) return OK_REPLY;
  if (!/^on$/i.test(words[0]!)) return SYNTAX_ERROR;
  const hasBcast = switched.has("bcast");
  const hasMode = switched.has("optin") || switched.has("optout");
  if (!hasBcast && hasPrefix) return NEEDS_BCAST;
  if (hasBcast && hasMode) return NOT_WITH_BCAST;
  if (switched.has("optin") && switched.has("optout")) return BOTH_MODES;
  return NOT_SUPPORTED;
}
