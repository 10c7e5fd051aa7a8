/**
 * Set commands.
 *
 * @module
 */
import { cardinalityKeys } from "../key_finders/counted_keys.ts";
import type { CommandGroup } from "./record.ts";
import { BY_KEY, keysBy } from "./route.ts";

/** Set commands. */
export const setCommands: CommandGroup = {
  title: "Sets",
  category: "@set",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags                 keys                                 what the proxy does
    ["sadd",         -3, "write denyoom fast", "RW insert: 1",                      BY_KEY],
    ["scard",         2, "readonly fast",      "RO: 1",                             BY_KEY],
    ["sdiff",        -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sdiffstore",   -3, "write denyoom",      "OW update: 1, RO access: 2 to -1",  BY_KEY],
    ["sinter",       -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sintercard",   -3, "readonly",           "RO access: 1 counted",              keysBy(cardinalityKeys)],
    ["sinterstore",  -3, "write denyoom",      "RW update: 1, RO access: 2 to -1",  BY_KEY],
    ["sismember",     3, "readonly fast",      "RO: 1",                             BY_KEY],
    ["smembers",      2, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["smismember",   -3, "readonly fast",      "RO access: 1",                      BY_KEY],
    ["smove",         4, "write fast",         "RW access delete: 1, RW insert: 2", BY_KEY],
    ["spop",         -2, "write fast",         "RW access delete: 1",               BY_KEY,                  { tips: "nondeterministic_output" }],
    ["srandmember",  -2, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output" }],
    ["srem",         -3, "write fast",         "RW delete: 1",                      BY_KEY],
    ["sscan",        -3, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output" }],
    ["sunion",       -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sunionstore",  -3, "write denyoom",      "OW update: 1, RO access: 2 to -1",  BY_KEY],
  ],
};
