/**
 * Why commands are refused, and what to do instead where there is something.
 *
 * @module
 */

/** Commands about one server rather than about keys. */
export const ADMINISTRATION = "it concerns one server; send it to that server";

/** Why a command about the servers themselves is refused that the configuration can allow. */
export const ALLOWED_ADMINISTRATION =
  'it concerns the servers themselves; send it to them, or set admin_commands = "forward"';

/** Access control lists, of which the proxy has its own. */
export const ACCESS_LISTS =
  "the servers have users of their own; WHOAMI, DRYRUN and LOG are about the proxy's, and others go to " +
  'the servers with admin_commands = "forward", by ACL BACKENDS where the proxy has the same';

/** Subcommands of CLUSTER that change a cluster, or ask about one node. */
export const CLUSTER_CHANGES = "it concerns one node of the cluster; send it to that node";

/** `CLUSTER SYNCSLOTS`. */
export const BETWEEN_NODES = "the nodes of a cluster say it to each other while slots move";

/** Slow logs, which the configuration can allow to be asked for. */
export const SLOW_LOGS = 'the servers\' own logs, where `admin_commands = "forward"`';

/** `MONITOR`. */
export const MONITORING = "it shows what one server does; connect to that server";

/** `HIMPORT`. */
export const SESSION_FIELDS =
  "it is about field names that one connection remembers, and clients share the connections to servers; use HSET";

/** `BLESS SCAN`. */
export const SCANNING_ONE = "its cursor is one server's; send it to that server";

/** `HOTKEYS`. */
export const HOT_KEYS = "it is about one server; the proxy's own are shown by HOTKEY GET";

/** Commands that only servers and cluster clients exchange. */
export const INTERNAL = "redirections are followed by the proxy";

/** `WAIT` and `WAITAOF` for more than nothing. */
export const WAITING = "clients share the connections to servers, so it cannot count their writes";

/** Text of an error that refuses a command, or one form of it, without the error's code. */
export function refusalText(what: string, reason: string): string {
  return `'${what}' is not supported: ${reason}`;
}
