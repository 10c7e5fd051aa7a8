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
    // name       arity  flags            keys                   what the proxy does
    ["vadd",         -5, "write denyoom", "RW access update: 1", BY_KEY, { since: "Redis 8.0" }],
    ["vcard",         2, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vdim",          2, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vemb",         -3, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vgetattr",      3, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vinfo",         2, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vismember",     3, "readonly",      "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vlinks",       -3, "readonly fast", "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vrandmember",  -2, "readonly",      "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
    ["vrange",       -4, "readonly",      "RO access: 1",        BY_KEY, { since: "Redis 8.4", untested: true }],
    ["vrem",          3, "write",         "RW access update: 1", BY_KEY, { since: "Redis 8.0" }],
    ["vsetattr",      4, "write fast",    "RW access update: 1", BY_KEY, { since: "Redis 8.0" }],
    ["vsim",         -4, "readonly",      "RO access: 1",        BY_KEY, { since: "Redis 8.0" }],
  ],
};
