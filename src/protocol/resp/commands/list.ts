/**
 * List commands.
 *
 * @module
 */
import { refusePop } from "../key_finders/count_refusals.ts";
import type { CommandGroup } from "./record.ts";
import { blocks, BY_KEY, byKeyOr, FifthWord, FirstWord, LastWord } from "./route.ts";

/** List commands. */
export const listCommands: CommandGroup = {
  title: "Lists",
  category: "@list",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name      arity  flags                              keys                                 what the proxy does
    ["blmove",       6, "write denyoom noscript blocking", "RW access delete: 1, RW insert: 2", blocks(LastWord)],
    ["blmovem",     -6, "write denyoom blocking",          "RW access delete: 1, RW insert: 2", blocks(FifthWord),                  { since: "Redis 8.10", untested: true }],
    ["blmpop",      -5, "write blocking",                  "RW access delete: 2 counted",       blocks(FirstWord, refusePop)],
    ["blpop",       -3, "write noscript blocking",         "RW access delete: 1 to -2",         blocks(LastWord)],
    ["brpop",       -3, "write noscript blocking",         "RW access delete: 1 to -2",         blocks(LastWord)],
    ["brpoplpush",   4, "write denyoom noscript blocking", "RW access delete: 1, RW insert: 2", blocks(LastWord)],
    ["lindex",       3, "readonly",                        "RO access: 1",                      BY_KEY],
    ["linsert",      5, "write denyoom",                   "RW insert: 1",                      BY_KEY],
    ["llen",         2, "readonly fast",                   "RO: 1",                             BY_KEY],
    ["lmove",        5, "write denyoom",                   "RW access delete: 1, RW insert: 2", BY_KEY],
    ["lmovem",      -5, "write denyoom",                   "RW access delete: 1, RW insert: 2", BY_KEY,                             { since: "Redis 8.10", untested: true }],
    ["lmpop",       -4, "write",                           "RW access delete: 1 counted",       byKeyOr(refusePop)],
    ["lpop",        -2, "write fast",                      "RW access delete: 1",               BY_KEY],
    ["lpos",        -3, "readonly",                        "RO access: 1",                      BY_KEY],
    ["lpush",       -3, "write denyoom fast",              "RW insert: 1",                      BY_KEY],
    ["lpushx",      -3, "write denyoom fast",              "RW insert: 1",                      BY_KEY],
    ["lrange",       4, "readonly",                        "RO access: 1",                      BY_KEY],
    ["lrem",         4, "write",                           "RW delete: 1",                      BY_KEY],
    ["lset",         4, "write denyoom",                   "RW update: 1",                      BY_KEY],
    ["ltrim",        4, "write",                           "RW delete: 1",                      BY_KEY],
    ["rpop",        -2, "write fast",                      "RW access delete: 1",               BY_KEY],
    ["rpoplpush",    3, "write denyoom",                   "RW access delete: 1, RW insert: 2", BY_KEY],
    ["rpush",       -3, "write denyoom fast",              "RW insert: 1",                      BY_KEY],
    ["rpushx",      -3, "write denyoom fast",              "RW insert: 1",                      BY_KEY],
  ],
};
