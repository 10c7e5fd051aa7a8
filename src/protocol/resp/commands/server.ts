/**
 * Commands about servers.
 *
 * @module
 */
import {
  ADMINISTRATION,
  ALLOWED_ADMINISTRATION,
  MONITORING,
  SCANNING,
  SLOW_LOGS,
} from "./reasons.ts";
import type { CommandGroup } from "./record.ts";
import { administration, answered, everyShard, Least, refused, WITH_ITS_COMMAND } from "./route.ts";

/** Commands about servers. */
export const serverCommands: CommandGroup = {
  title: "Server",
  category: "",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name             arity  flags                              keys what the proxy does
    ["acl",                -2, "",                                "", administration(ALLOWED_ADMINISTRATION)],
    ["acl|cat",            -2, "noscript loading stale",          "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|deluser",        -3, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["acl|dryrun",         -4, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|genpass",        -2, "noscript loading stale",          "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|getuser",         3, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|help",            2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["acl|list",            2, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|load",            2, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["acl|log",            -2, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|save",            2, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["acl|setuser",        -3, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["acl|users",           2, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["acl|whoami",          2, "noscript loading stale",          "", WITH_ITS_COMMAND],
    ["bgrewriteaof",        1, "",                                "", refused(ADMINISTRATION)],
    ["bgsave",             -1, "",                                "", refused(ADMINISTRATION)],
    ["cluster",            -2, "",                                "", answered("cluster",
      "in front of a Redis Cluster: the proxy is the whole cluster (`COUNTKEYSINSLOT` and " +
      "`GETKEYSINSLOT` ask the slot's owner as the slot map has it); else an error")],
    ["cluster|help",        2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["cluster|info",        2, "stale",                           "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output" }],
    ["cluster|keyslot",     3, "stale",                           "", WITH_ITS_COMMAND],
    ["cluster|myid",        2, "stale",                           "", WITH_ITS_COMMAND],
    ["cluster|nodes",       2, "stale",                           "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output" }],
    ["cluster|shards",      2, "stale",                           "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output" }],
    ["cluster|slots",       2, "stale",                           "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output" }],
    ["clusterscan",        -2, "",                                "", refused(SCANNING),         { since: "Valkey 9.1" }],
    ["commandlog",         -2, "",                                "", refused(ADMINISTRATION),         { since: "Valkey 8.1" }],
    ["config",             -2, "",                                "", administration(ALLOWED_ADMINISTRATION)],
    ["config|get",         -3, "admin noscript loading stale",    "", WITH_ITS_COMMAND, { states: ["asks_one"] }],
    ["config|help",         2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["config|resetstat",    2, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["config|rewrite",      2, "admin noscript loading stale",    "", WITH_ITS_COMMAND],
    ["config|set",         -4, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "all_nodes all_succeeded" }],
    ["debug",              -2, "admin noscript loading stale",    "", administration(ALLOWED_ADMINISTRATION)],
    ["failover",           -1, "",                                "", refused(ADMINISTRATION)],
    ["info",               -1, "loading stale",                   "", answered("info",
      "about the proxy and its clients, and what the servers say together, see [decision " +
      "0027](decisions/0027-info-of-many-servers.md)"), { tips: "nondeterministic_output all_shards special", categories: "@dangerous", states: ["queued"] }],
    ["lastsave",            1, "loading stale fast",              "", everyShard(Least),               { tips: "nondeterministic_output", categories: "@admin @dangerous" }],
    ["latency",            -2, "",                                "", administration(ALLOWED_ADMINISTRATION)],
    ["latency|doctor",      2, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes special", states: ["asks_one"] }],
    ["latency|graph",       3, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes special", states: ["asks_one"] }],
    ["latency|help",        2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["latency|histogram",  -2, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes special", states: ["asks_one"] }],
    ["latency|history",     3, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes special", states: ["asks_one"] }],
    ["latency|latest",      2, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes special", states: ["asks_one"] }],
    ["latency|reset",      -2, "admin noscript loading stale",    "", WITH_ITS_COMMAND,                { tips: "all_nodes all_succeeded" }],
    ["lolwut",             -1, "readonly fast",                   "", answered("lolwut",
      "the servers' name and least version"), { states: ["queued"] }],
    ["module",             -2, "",                                "", administration(ALLOWED_ADMINISTRATION)],
    ["module|help",         2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["module|list",         2, "admin noscript",                  "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output_order", states: ["asks_one"] }],
    ["module|load",        -3, "admin noscript no_async_loading", "", WITH_ITS_COMMAND],
    ["module|loadex",      -3, "admin noscript no_async_loading", "", WITH_ITS_COMMAND],
    ["module|unload",       3, "admin noscript no_async_loading", "", WITH_ITS_COMMAND],
    ["monitor",             1, "",                                "", refused(MONITORING)],
    ["psync",              -3, "",                                "", refused(ADMINISTRATION)],
    ["replconf",           -1, "",                                "", refused(ADMINISTRATION)],
    ["replicaof",           3, "",                                "", refused(ADMINISTRATION)],
    ["role",                1, "",                                "", refused(ADMINISTRATION)],
    ["save",                1, "",                                "", refused(ADMINISTRATION)],
    ["shutdown",           -1, "",                                "", refused(ADMINISTRATION)],
    ["slaveof",             3, "",                                "", refused(ADMINISTRATION)],
    ["slowlog",            -2, "",                                "", answered("slowlog",
      "the requests of the proxy's clients that took long, see [operating.md](operating.md#slow-requests); " +
      "`BACKENDS GET`, `LEN`, `RESET`: " + SLOW_LOGS), { states: ["serverless", "unpaused"] }],
    ["slowlog|get",        -2, "admin loading stale",             "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes" }],
    ["slowlog|help",        2, "loading stale",                   "", WITH_ITS_COMMAND],
    ["slowlog|len",         2, "admin loading stale",             "", WITH_ITS_COMMAND,                { tips: "nondeterministic_output all_nodes agg_sum" }],
    ["slowlog|reset",       2, "admin loading stale",             "", WITH_ITS_COMMAND,                { tips: "all_nodes all_succeeded" }],
    ["sync",                1, "",                                "", refused(ADMINISTRATION)],
    ["time",                1, "loading stale fast",              "", answered("time",
      "the proxy's clock"), { tips: "nondeterministic_output", states: ["serverless", "queued", "unpaused"] }],
  ],
};
