/**
 * Vector set commands.
 *
 * @module
 */
import type { CommandGroup } from "./record.ts";
import { BY_KEY } from "./route.ts";

/** Vector set commands. */
export const vectorSetCommands: CommandGroup = {
  title: "Vector sets",
  category: "",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags       keys                   what the proxy does
    ["vadd",         -5, "write",    "RW access update: 1", BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vcard",         2, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vdim",          2, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vemb",         -3, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vgetattr",      3, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vinfo",         2, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vismember",     3, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vlinks",       -3, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vrandmember",  -2, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vrange",       -4, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.4", untested: true }],
    ["vrem",          3, "write",    "RW access update: 1", BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vsetattr",      4, "write",    "RW access update: 1", BY_KEY, { since: "Redis 8.0", untested: true }],
    ["vsim",         -4, "readonly", "RO access: 1",        BY_KEY, { since: "Redis 8.0", untested: true }],
  ],
};
