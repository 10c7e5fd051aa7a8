/**
 * Commands on keys of any type.
 *
 * @module
 */
import { migrateKeys, sortKeys } from "../key_finders/option_keys.ts";
import { ALLOWED_ADMINISTRATION, INTERNAL, SCANNING_ONE } from "./reasons.ts";
import type { CommandGroup } from "./record.ts";
import {
  administration,
  AllSucceeded,
  answered,
  barrier,
  BEHIND_SUBCOMMAND,
  BY_KEY,
  Concatenated,
  everyShard,
  keysBy,
  ofAllShards,
  refused,
  type Route,
  split,
  Sum,
} from "./route.ts";

/** The cursor names a slot, by its hash tag, and each node goes on with those that it has. */
const BY_CURSOR: Route = {
  ...BY_KEY,
  text: "in front of a cluster of Valkey: at the node that the cursor leads to",
};

/** Commands on keys of any type. */
export const keyspaceCommands: CommandGroup = {
  title: "Keys of any type",
  category: "@keyspace",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name               arity  flags            keys                                          what the proxy does
    ["bless",                -2, "",              "",                                           BEHIND_SUBCOMMAND,               { since: "Redis 8.12", untested: true }],
    ["bless|clear",           4, "write fast",    "RW update: 2",                               BY_KEY,                          { since: "Redis 8.12", categories: "@dangerous" }],
    ["bless|get",             3, "readonly fast", "RO: 2",                                      BY_KEY,                          { since: "Redis 8.12" }],
    ["bless|help",            2, "loading stale", "",                                           BY_KEY,                          { since: "Redis 8.12" }],
    ["bless|scan",           -4, "",              "",                                           refused(SCANNING_ONE),           { since: "Redis 8.12", tips: "nondeterministic_output special special" }],
    ["bless|set",             4, "write denyoom fast", "RW: 2",                                 BY_KEY,                          { since: "Redis 8.12", categories: "@dangerous" }],
    ["clusterscan",          -2, "readonly",      "not_key: 1",                                 BY_CURSOR,                       { since: "Valkey 9.1", tips: "nondeterministic_output special special" }],
    ["copy",                 -3, "write denyoom", "RO access: 1, OW update: 2",                 BY_KEY],
    ["dbsize",                1, "readonly fast", "",                                           everyShard(Sum),                 { tips: "all_shards agg_sum" }],
    ["del",                  -2, "write",         "RM delete: 1 to -1",                         split(Sum),                      { tips: "multi_shard agg_sum" }],
    ["dump",                  2, "readonly",      "RO access: 1",                               BY_KEY,                          { tips: "nondeterministic_output" }],
    ["exists",               -2, "readonly fast", "RO: 1 to -1",                                split(Sum),                      { tips: "multi_shard agg_sum" }],
    ["expire",               -3, "write fast",    "RW update: 1",                               BY_KEY],
    ["expireat",             -3, "write fast",    "RW update: 1",                               BY_KEY],
    ["expiretime",            2, "readonly fast", "RO access: 1",                               BY_KEY],
    ["flushall",             -1, "write",         "",                                           everyShard(AllSucceeded),        { tips: "all_shards all_succeeded", categories: "@keyspace @dangerous" }],
    ["flushdb",              -1, "write",         "",                                           everyShard(AllSucceeded),        { tips: "all_shards all_succeeded", categories: "@keyspace @dangerous" }],
    ["keys",                  2, "readonly",      "",                                           everyShard(Concatenated),        { tips: "nondeterministic_output_order all_shards", categories: "@keyspace @dangerous" }],
    ["memory",               -2, "",              "",                                           BEHIND_SUBCOMMAND],
    ["memory|doctor",         2, "",              "",                                           administration(ALLOWED_ADMINISTRATION), { tips: "nondeterministic_output all_shards special", categories: "", states: ["asks_one"] }],
    ["memory|help",           2, "loading stale", "",                                           BY_KEY,                          { categories: "" }],
    ["memory|malloc-stats",   2, "",              "",                                           administration(ALLOWED_ADMINISTRATION), { tips: "nondeterministic_output all_shards special", categories: "", states: ["asks_one"] }],
    ["memory|purge",          2, "",              "",                                           administration(ALLOWED_ADMINISTRATION), { tips: "all_shards all_succeeded", categories: "" }],
    ["memory|stats",          2, "",              "",                                           administration(ALLOWED_ADMINISTRATION), { tips: "nondeterministic_output all_shards special", categories: "", states: ["asks_one"] }],
    ["memory|usage",         -3, "readonly",      "RO: 2",                                      BY_KEY,                          { categories: "" }],
    ["migrate",              -6, "write",         "RW access delete: 3, RW access delete incomplete: KEYS from -2 to -1", keysBy(migrateKeys),             { tips: "nondeterministic_output", categories: "@keyspace @dangerous", keyParser: "migrate" }],
    ["move",                  3, "write fast",    "RW access update: 1",                        BY_KEY],
    ["object",               -2, "",              "",                                           BEHIND_SUBCOMMAND],
    ["object|encoding",       3, "readonly",      "RO: 2",                                      BY_KEY,                          { tips: "nondeterministic_output" }],
    ["object|freq",           3, "readonly",      "RO: 2",                                      BY_KEY,                          { tips: "nondeterministic_output" }],
    ["object|help",           2, "loading stale", "",                                           BY_KEY],
    ["object|idletime",       3, "readonly",      "RO: 2",                                      BY_KEY,                          { tips: "nondeterministic_output" }],
    ["object|refcount",       3, "readonly",      "RO: 2",                                      BY_KEY,                          { tips: "nondeterministic_output" }],
    ["persist",               2, "write fast",    "RW update: 1",                               BY_KEY],
    ["pexpire",              -3, "write fast",    "RW update: 1",                               BY_KEY],
    ["pexpireat",            -3, "write fast",    "RW update: 1",                               BY_KEY],
    ["pexpiretime",           2, "readonly fast", "RO access: 1",                               BY_KEY],
    ["pttl",                  2, "readonly fast", "RO access: 1",                               BY_KEY,                          { tips: "nondeterministic_output" }],
    ["randomkey",             1, "readonly",      "",                                           ofAllShards(barrier("randomkey",
      "a key of any server, those with more keys more often")), { tips: "nondeterministic_output all_shards" }],
    ["rename",                3, "write",         "RW access delete: 1, OW update: 2",          BY_KEY],
    ["renamenx",              3, "write fast",    "RW access delete: 1, OW insert: 2",          BY_KEY],
    ["restore",              -4, "write denyoom", "OW update: 1",                               BY_KEY,                          { categories: "@keyspace @dangerous" }],
    ["restore-asking",       -4, "write",         "RW access update: 1",                        refused(INTERNAL),               { categories: "" }],
    ["scan",                 -2, "readonly",      "",                                           ofAllShards(answered("scan",
      "one server after the other: the cursor says which, see below")), { tips: "nondeterministic_output special" }],
    ["sort",                 -2, "write denyoom", "RO access: 1, RO access: unknown, OW update: unknown", keysBy(sortKeys),                { categories: "@set @sortedset @list @dangerous", keyParser: "sort" }],
    ["sort_ro",              -2, "readonly",      "RO access: 1, RO access: unknown",           BY_KEY,                          { categories: "@set @sortedset @list @dangerous", keyParser: "sort_ro" }],
    ["swapdb",                3, "write fast",    "",                                           everyShard(AllSucceeded),        { categories: "@keyspace @dangerous" }],
    ["touch",                -2, "readonly fast", "RO: 1 to -1",                                split(Sum),                      { tips: "multi_shard agg_sum" }],
    ["ttl",                   2, "readonly fast", "RO access: 1",                               BY_KEY,                          { tips: "nondeterministic_output" }],
    ["type",                  2, "readonly fast", "RO: 1",                                      BY_KEY],
    ["unlink",               -2, "write fast",    "RM delete: 1 to -1",                         split(Sum),                      { tips: "multi_shard agg_sum" }],
  ],
};
