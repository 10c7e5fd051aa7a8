/**
 * Array commands.
 *
 * @module
 */
import type { CommandGroup } from "./record.ts";
import { BY_KEY } from "./route.ts";

/** Array commands. */
export const arrayCommands: CommandGroup = {
  title: "Arrays",
  category: "",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags                 keys            what the proxy does
    ["arcount",       2, "readonly fast",        "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["ardel",        -3, "write fast",           "RW delete: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["ardelrange",   -4, "write",                "RW delete: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arget",         3, "readonly fast",        "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["argetrange",    4, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["argrep",       -6, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arinfo",       -2, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arinsert",     -3, "write denyoom fast",   "RW update: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arlastitems",  -3, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arlen",         2, "readonly fast",        "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["armget",       -3, "readonly fast",        "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["armset",       -4, "write denyoom fast",   "RW update: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arnext",        2, "readonly fast",        "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arop",         -5, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arring",       -4, "write denyoom",        "RW update: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arscan",       -4, "readonly",             "RO access: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arseek",        3, "write fast",           "RW update: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
    ["arset",        -4, "write denyoom fast",   "RW update: 1", BY_KEY, { since: "Redis 8.8", untested: true }],
  ],
};
