/**
 * HyperLogLog commands.
 *
 * @module
 */
import { ADMINISTRATION } from "./reasons.ts";
import type { CommandGroup } from "./record.ts";
import { BY_KEY, refused } from "./route.ts";

/** HyperLogLog commands. */
export const hyperloglogCommands: CommandGroup = {
  title: "HyperLogLog",
  category: "@hyperloglog",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name      arity  flags                 keys                                       what the proxy does
    ["pfadd",       -2, "write denyoom fast", "RW insert: 1",                            BY_KEY],
    ["pfcount",     -2, "readonly",           "RW access: 1 to -1",                      BY_KEY, { states: ["paused_as_write"] }],
    ["pfdebug",      3, "write",              "RW access update: 2",                     refused(ADMINISTRATION), { categories: "" }],
    ["pfmerge",     -2, "write denyoom",      "RW access insert: 1, RO access: 2 to -1", BY_KEY],
    ["pfselftest",   1, "",                   "",                                        refused(ADMINISTRATION), { categories: "" }],
  ],
};
