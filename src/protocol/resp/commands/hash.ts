/**
 * Hash commands, those that let single fields expire among them.
 *
 * @module
 */
import { SESSION_FIELDS } from "./reasons.ts";
import type { CommandGroup } from "./record.ts";
import { BY_KEY, refused } from "./route.ts";

/** Hash commands, those that let single fields expire among them. */
export const hashCommands: CommandGroup = {
  title: "Hashes",
  category: "@hash",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name        arity  flags                 keys                   what the proxy does
    ["hdel",          -3, "write fast",         "RW delete: 1",        BY_KEY],
    ["hexists",        3, "readonly fast",      "RO: 1",               BY_KEY],
    ["hexpire",       -6, "write fast",         "RW update: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hexpireat",     -6, "write fast",         "RW update: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hexpiretime",   -5, "readonly fast",      "RO access: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hget",           3, "readonly fast",      "RO access: 1",        BY_KEY],
    ["hgetall",        2, "readonly",           "RO access: 1",        BY_KEY, { tips: "nondeterministic_output_order" }],
    ["hgetdel",       -5, "write fast",         "RW access delete: 1", BY_KEY, { since: "Redis 8.0" }],
    ["hgetex",        -5, "write fast",         "RW access update: 1", BY_KEY, { since: "Redis 8.0" }],
    ["himport",       -2, "",                   "",                    refused(SESSION_FIELDS), { since: "Redis 8.10", untested: true }],
    ["hincrby",        4, "write denyoom fast", "RW access update: 1", BY_KEY],
    ["hincrbyfloat",   4, "write denyoom fast", "RW access update: 1", BY_KEY],
    ["hkeys",          2, "readonly",           "RO access: 1",        BY_KEY, { tips: "nondeterministic_output_order" }],
    ["hlen",           2, "readonly fast",      "RO: 1",               BY_KEY],
    ["hmget",         -3, "readonly fast",      "RO access: 1",        BY_KEY],
    ["hmset",         -4, "write denyoom fast", "RW update: 1",        BY_KEY],
    ["hpersist",      -5, "write fast",         "RW update: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hpexpire",      -6, "write fast",         "RW update: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hpexpireat",    -6, "write fast",         "RW update: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hpexpiretime",  -5, "readonly fast",      "RO access: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hpttl",         -5, "readonly fast",      "RO access: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hrandfield",    -2, "readonly",           "RO access: 1",        BY_KEY, { tips: "nondeterministic_output" }],
    ["hscan",         -3, "readonly",           "RO access: 1",        BY_KEY, { tips: "nondeterministic_output" }],
    ["hset",          -4, "write denyoom fast", "RW update: 1",        BY_KEY],
    ["hsetex",        -6, "write denyoom fast", "RW update: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["hsetnx",         4, "write denyoom fast", "RW insert: 1",        BY_KEY],
    ["hstrlen",        3, "readonly fast",      "RO: 1",               BY_KEY],
    ["httl",          -5, "readonly fast",      "RO access: 1",        BY_KEY, { since: "Redis 7.4" }],
    ["hvals",          2, "readonly",           "RO access: 1",        BY_KEY, { tips: "nondeterministic_output_order" }],
  ],
};
