/**
 * Commands about the client's connection, and transactions.
 *
 * @module
 */
import type { CommandGroup } from "./record.ts";
import { answered, barrier, dedicated, WITH_ITS_COMMAND } from "./route.ts";

/** Commands about the client's connection, and transactions. */
export const connectionCommands: CommandGroup = {
  title: "Connection and transactions",
  category: "@connection",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name                   arity  flags                                             keys           what the proxy does
    ["asking",                    1, "fast",                                           "",            answered("asking",
      "in front of a Redis Cluster OK, without effect; else an error"), { states: ["serverless", "unpaused", "unlimited"] }],
    ["auth",                     -2, "noscript loading stale fast no_auth allow_busy", "",            answered("auth",
      "against `password` or `auth` of the configuration; as a server without passwords if " +
      "there are none"), { states: ["serverless", "unpaused", "unlimited"] }],
    ["client",                   -2, "",                                               "",            answered("client",
      "about the proxy's clients: `LIST`, `INFO`, `KILL`, `PAUSE`, `UNPAUSE` for those of " +
      "all workers, `ID`, `GETNAME`, `SETNAME`, `SETINFO`, `REPLY`; not `TRACKING`"), { states: ["serverless", "unpaused", "unlimited"] }],
    ["client|caching",            3, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|capa",              -3, "noscript loading stale",                         "",            WITH_ITS_COMMAND,         { since: "Valkey 8.0" }],
    ["client|getname",            2, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|getredir",           2, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|help",               2, "loading stale",                                  "",            WITH_ITS_COMMAND],
    ["client|id",                 2, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|info",               2, "noscript loading stale",                         "",            WITH_ITS_COMMAND,         { tips: "nondeterministic_output" }],
    ["client|kill",              -3, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND],
    ["client|list",              -2, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND,         { tips: "nondeterministic_output" }],
    ["client|no-evict",           3, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND],
    ["client|no-touch",           3, "noscript loading stale",                         "",            WITH_ITS_COMMAND,         { since: "Redis 7.2" }],
    ["client|pause",             -3, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND],
    ["client|reply",              3, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|setinfo",            4, "noscript loading stale",                         "",            WITH_ITS_COMMAND,         { since: "Redis 7.2" }],
    ["client|setname",            3, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|tracking",          -3, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|trackinginfo",       2, "noscript loading stale",                         "",            WITH_ITS_COMMAND],
    ["client|unblock",           -3, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND],
    ["client|unpause",            2, "admin noscript loading stale",                   "",            WITH_ITS_COMMAND],
    ["command",                  -1, "loading stale",                                  "",            answered("command",
      "the commands that are served, `COUNT`, `LIST`, `INFO`, `GETKEYS`, `GETKEYSANDFLAGS`; " +
      "`DOCS` of a server"), { tips: "nondeterministic_output_order", states: ["unpaused"] }],
    ["command|count",             2, "loading stale",                                  "",            WITH_ITS_COMMAND],
    ["command|docs",             -2, "loading stale",                                  "",            WITH_ITS_COMMAND,         { tips: "nondeterministic_output_order" }],
    ["command|getkeys",          -4, "loading stale",                                  "",            WITH_ITS_COMMAND],
    ["command|getkeysandflags",  -4, "loading stale",                                  "",            WITH_ITS_COMMAND],
    ["command|help",              2, "loading stale",                                  "",            WITH_ITS_COMMAND],
    ["command|info",             -2, "loading stale",                                  "",            WITH_ITS_COMMAND,         { tips: "nondeterministic_output_order" }],
    ["command|list",             -2, "loading stale",                                  "",            WITH_ITS_COMMAND,         { tips: "nondeterministic_output_order" }],
    ["discard",                   1, "noscript loading stale fast allow_busy",         "",            answered("discard",
      "ends the transaction"), { categories: "@transaction", states: ["serverless", "unpaused", "unlimited"] }],
    ["echo",                      2, "loading stale fast",                             "",            answered("echo",
      "the word"), { states: ["serverless", "queued", "unpaused"] }],
    ["exec",                      1, "noscript loading stale skip_slowlog",            "",            answered("exec",
      "runs the transaction on the server of its keys"), { categories: "@transaction", states: ["paused_as_write", "unpaused", "unlimited"] }],
    ["hello",                    -1, "noscript loading stale fast no_auth allow_busy", "",            barrier("hello",
      "RESP2 or RESP3, `AUTH` and `SETNAME`, once all earlier requests are answered"), { states: ["unpaused", "unlimited"] }],
    ["multi",                     1, "noscript loading stale fast allow_busy",         "",            answered("multi",
      "begins a transaction, on the server of its first key"), { categories: "@transaction", states: ["serverless", "unpaused", "unlimited"] }],
    ["ping",                     -1, "fast",                                           "",            answered("ping",
      "`PONG`, or the word"), { tips: "all_shards all_succeeded", states: ["subscribed", "serverless", "queued", "unpaused"] }],
    ["quit",                     -1, "noscript loading stale fast no_auth allow_busy", "",            answered("quit",
      "the connection is closed behind all replies that are due"), { states: ["subscribed", "serverless", "unpaused", "unlimited"] }],
    ["readonly",                  1, "loading stale fast",                             "",            answered("readonly",
      "in front of a Redis Cluster OK, without effect; else an error"), { states: ["serverless", "unpaused", "unlimited"] }],
    ["readwrite",                 1, "loading stale fast",                             "",            answered("readwrite",
      "in front of a Redis Cluster OK, without effect; else an error"), { states: ["serverless", "unpaused", "unlimited"] }],
    ["reset",                     1, "noscript loading stale fast no_auth allow_busy", "",            barrier("reset",
      "back to what a new client is, once all earlier requests are answered"), { states: ["subscribed", "serverless", "unpaused", "unlimited"] }],
    ["select",                    2, "loading stale fast",                             "",            barrier("select",
      "connections of that database; in front of a cluster, if its nodes have it"), { states: ["serverless", "queued", "unlimited"] }],
    ["unwatch",                   1, "noscript loading stale fast allow_busy",         "",            barrier("unwatch",
      "gives the connection that watches back"), { categories: "@transaction", states: ["serverless", "queued", "unpaused", "unlimited"] }],
    ["wait",                      3, "noscript",                                       "",            answered("wait",
      "`0` for no replicas; for more it is refused: the connections to servers are shared, " +
      "see [decision 0028](decisions/0028-what-wait-says.md)"), { tips: "all_shards agg_min", states: ["unpaused"] }],
    ["waitaof",                   4, "",                                               "",            answered("waitaof",
      "`0` and `0` for no copies; for more it is refused, as `WAIT`"), { tips: "all_shards agg_min", since: "Redis 7.2", states: ["unpaused"] }],
    ["watch",                    -2, "noscript loading stale fast allow_busy",         "RO: 1 to -1", dedicated("watch",
      "keys together, over the connection that the transaction will run on"), { categories: "@transaction" }],
  ],
};
