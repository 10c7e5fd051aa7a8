/**
 * Bitmap commands.
 *
 * @module
 */
import type { CommandGroup } from "./record.ts";
import { BY_KEY } from "./route.ts";

/** Bitmap commands. */
export const bitmapCommands: CommandGroup = {
  title: "Bitmaps",
  category: "@bitmap",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags            keys                                  what the proxy does
    ["bitcount",     -2, "readonly",      "RO access: 1",                       BY_KEY],
    ["bitfield",     -2, "write denyoom", "RW access update variable_flags: 1", BY_KEY, { keyParser: "bitfield" }],
    ["bitfield_ro",  -2, "readonly fast", "RO access: 1",                       BY_KEY],
    ["bitop",        -4, "write denyoom", "OW update: 2, RO access: 3 to -1",   BY_KEY],
    ["bitpos",       -3, "readonly",      "RO access: 1",                       BY_KEY],
    ["bitrangeintarray", -4, "readonly",   "RO access: 1",                       BY_KEY, { since: "Redis 8.12", untested: true }],
    ["getbit",        3, "readonly fast", "RO access: 1",                       BY_KEY],
    ["setbit",        4, "write denyoom", "RW access update: 1",                BY_KEY],
  ],
};
