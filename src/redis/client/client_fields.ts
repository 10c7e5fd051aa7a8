/**
 * The fields of a line of CLIENT LIST, in the order in which servers have them.
 *
 * @module
 */

/** The fields of CLIENT LIST in Redis 7.0, and behind them those about the client's library, which Redis 7.2 has too. */
// deno-fmt-ignore: names wrapped as words.
export const CLIENT_FIELDS_OF_REDIS: readonly string[] = [
  "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub", "ssub", "multi",
  "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem",
  "events", "cmd", "user", "redir", "resp", "lib-name", "lib-ver",
];

/** The fields of CLIENT LIST in Valkey 9.1. */
// deno-fmt-ignore: names wrapped as words.
export const CLIENT_FIELDS_OF_VALKEY: readonly string[] = [
  "id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "capa", "db", "sub", "psub", "ssub",
  "multi", "watch", "qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl", "oll", "omem",
  "tot-mem", "events", "cmd", "user", "redir", "resp", "lib-name", "lib-ver", "tot-net-in",
  "tot-net-out", "tot-cmds",
];
