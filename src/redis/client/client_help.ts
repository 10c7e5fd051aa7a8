/**
 * CLIENT HELP: the lines of Redis 7.0, and those of what Redis 7.2 has and the proxy has too; or those of Valkey 9.1, but
 * for what is not served.
 *
 * @module
 */
import { helpReply } from "../core/reply_builder.ts";
import type { ServerKind } from "../server/server_kind.ts";

/** The reply. */
export function clientHelp(kind: ServerKind): Uint8Array {
  const lines = kind.product === "valkey" ? LINES_OF_VALKEY : LINES_OF_REDIS;
  return helpReply("client", [...lines, ...SHARED_LINES], kind);
}

const CACHING: readonly string[] = [
  "CACHING (YES|NO)",
  "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
];

/** Of the client that asks. */
const ABOUT_ONESELF: readonly string[] = [
  "GETREDIR",
  "    Return the client ID we are redirecting to when tracking is enabled.",
  "GETNAME",
  "    Return the name of the current connection.",
  "ID",
  "    Return the ID of the current connection.",
  "INFO",
  "    Return information about the current client connection.",
];

/** How KILL begins. */
const KILL: readonly string[] = [
  "KILL <ip:port>",
  "    Kill connection made from <ip:port>.",
  "KILL <option> <value> [<option> <value> [...]]",
  "    Kill connections. Options are:",
  "    * ADDR (<ip:port>|<unixsocket>:0)",
];

const LINES_OF_REDIS: readonly string[] = [
  ...CACHING,
  ...ABOUT_ONESELF,
  ...KILL,
  "      Kill connections made from the specified address",
  "    * LADDR (<ip:port>|<unixsocket>:0)",
  "      Kill connections made to specified local address",
  "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
  "      Kill connections by type.",
  "    * USER <username>",
  "      Kill connections authenticated by <username>.",
  "    * SKIPME (YES|NO)",
  "      Skip killing current connection (default: yes).",
  "    * ID <client-id> [<client-id>...]",
  "      Kill connections by client IDs.",
  "    * MAXAGE <maxage>, IDLE <idle>, NAME <client-name>, FLAGS <flags>, DB <db-id>, IP <ip>,",
  "      LIB-NAME <lib-name>, LIB-VER <lib-version>; NOT- before all but MAXAGE, IDLE and SKIPME",
  "LIST [options ...]",
  "    Return information about client connections. Options:",
  "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
  "      Return clients of specified type.",
  "    * Those of KILL.",
];

const LINES_OF_VALKEY: readonly string[] = [
  ...CACHING,
  "CAPA <option> [options...]",
  "    The client claims its some capability options. Options are:",
  "    * REDIRECT",
  "      The client can handle redirection during primary and replica failover in standalone mode.",
  ...ABOUT_ONESELF,
  ...KILL,
  "      Kill connections made from the specified address.",
  "    * LADDR (<ip:port>|<unixsocket>:0)",
  "      Kill connections made to the specified local address.",
  "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB)",
  "      Kill connections by type.",
  "    * USER <username>",
  "      Kill connections authenticated by <username>.",
  "    * SKIPME (YES|NO)",
  "      Skip killing current connection (default: yes).",
  "    * ID <client-id> [<client-id>...]",
  "      Kill connections by client IDs.",
  "    * MAXAGE <maxage>",
  "      Kill connections older than the specified age.",
  "    * FLAGS <flags>",
  "      Kill connections that include the specified flags.",
  "    * NAME <client-name>",
  "      Kill connections with the specified name.",
  "    * IDLE <idle>",
  "      Kill connections with idle time greater than or equal to <idle> seconds.",
  "    * LIB-NAME <library-name>",
  "      Kill connections with the specified library name.",
  "    * LIB-VER <library-version>",
  "      Kill connections with the specified library version.",
  "    * DB <db-id>",
  "      Kill connections currently operating on the specified database ID.",
  "    * IP <ip>",
  "      Kill connections made from the specified ip.",
  "LIST [options ...]",
  "    Return information about client connections. Options:",
  "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB)",
  "      Return clients of specified type.",
  "    * USER <username>",
  "      Return clients authenticated by <username>.",
  "    * ADDR <ip:port>",
  "      Return clients connected from the specified address.",
  "    * LADDR <ip:port>",
  "      Return clients connected to the specified local address.",
  "    * ID <client-id> [<client-id>...]",
  "      Return clients with the specified IDs.",
  "    * SKIPME (YES|NO)",
  "      Exclude the current client from the list (default: no).",
  "    * MAXAGE <maxage>",
  "      List connections older than the specified age.",
  "    * FLAGS <flags>",
  "      Return clients with the specified flags.",
  "    * NAME <client-name>",
  "      Return clients with the specified name.",
  "    * IDLE <idle>",
  "      Return clients with idle time greater than or equal to <idle> seconds.",
  "    * LIB-NAME <lib-name>",
  "      Return clients with the specified lib name.",
  "    * LIB-VER <lib-version>",
  "      Return clients with the specified lib version.",
  "    * DB <db-id>",
  "      Return clients currently operating on the specified database ID.",
  "    * IP <ip>",
  "      Return connections made from the specified ip.",
];

/** Behind either. */
const SHARED_LINES: readonly string[] = [
  "UNPAUSE",
  "    Stop the current client pause, resuming traffic.",
  "PAUSE <timeout> [WRITE|ALL]",
  "    Suspend all, or just write, clients for <timeout> milliseconds.",
  "REPLY (ON|OFF|SKIP)",
  "    Control the replies sent to the current connection.",
  "SETNAME <name>",
  "    Assign the name <name> to the current connection.",
  "SETINFO <option> <value>",
  "    Set client meta attr. Options are:",
  "    * LIB-NAME: the client lib name.",
  "    * LIB-VER: the client lib version.",
  "UNBLOCK <clientid> [TIMEOUT|ERROR]",
  "    Unblock the specified blocked client.",
  "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
  "         [OPTIN] [OPTOUT] [NOLOOP]",
  "    Control server assisted client side caching.",
  "TRACKINGINFO",
  "    Report tracking status for the current connection.",
  "NO-EVICT (ON|OFF)",
  "    Protect current client connection from eviction.",
  "NO-TOUCH (ON|OFF)",
  "    Will not touch LRU/LFU stats when this mode is on.",
];
