/**
 * Script and function commands.
 *
 * @module
 */
import { refuseDigest, refuseFunction, refuseScript } from "../key_finders/count_refusals.ts";
import type { CommandGroup } from "./record.ts";
import {
  answered,
  ofAllShards,
  script,
  ScriptBody,
  ScriptDigest,
  WITH_ITS_COMMAND,
} from "./route.ts";

/** Script and function commands. */
export const scriptingCommands: CommandGroup = {
  title: "Scripts and functions",
  category: "@scripting",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name            arity  flags                                             keys                           what the proxy does
    ["eval",              -3, "noscript stale skip_monitor no_mandatory_keys",  "RW access update: 2 counted", script(refuseScript, ScriptBody)],
    ["eval_ro",           -3, "readonly noscript stale skip_monitor no_mandatory_keys", "RO access: 2 counted",        script(refuseScript, ScriptBody)],
    ["evalsha",           -3, "noscript stale skip_monitor no_mandatory_keys",  "RW access update: 2 counted", script(refuseDigest, ScriptDigest)],
    ["evalsha_ro",        -3, "readonly noscript stale skip_monitor no_mandatory_keys", "RO access: 2 counted",        script(refuseDigest, ScriptDigest)],
    ["fcall",             -3, "noscript stale skip_monitor no_mandatory_keys",  "RW access update: 2 counted", script(refuseFunction)],
    ["fcall_ro",          -3, "readonly noscript stale skip_monitor no_mandatory_keys", "RO access: 2 counted",        script(refuseFunction)],
    ["function",          -2, "",                                               "",                            ofAllShards(answered("function",
      "`LOAD`, `DELETE`, `FLUSH`, `RESTORE`, `KILL` and `STATS` at every server, `LIST` and " +
      "`DUMP` at one"))],
    ["function|delete",    3, "write noscript",                                 "",                            WITH_ITS_COMMAND,     { tips: "all_shards all_succeeded" }],
    ["function|dump",      2, "noscript",                                       "",                            WITH_ITS_COMMAND],
    ["function|flush",    -2, "write noscript",                                 "",                            WITH_ITS_COMMAND,     { tips: "all_shards all_succeeded" }],
    ["function|help",      2, "loading stale",                                  "",                            WITH_ITS_COMMAND],
    ["function|kill",      2, "noscript allow_busy",                            "",                            WITH_ITS_COMMAND,     { tips: "all_shards one_succeeded" }],
    ["function|list",     -2, "noscript",                                       "",                            WITH_ITS_COMMAND,     { tips: "nondeterministic_output_order" }],
    ["function|load",     -3, "write denyoom noscript",                         "",                            WITH_ITS_COMMAND,     { tips: "all_shards all_succeeded" }],
    ["function|restore",  -3, "write denyoom noscript",                         "",                            WITH_ITS_COMMAND,     { tips: "all_shards all_succeeded" }],
    ["function|stats",     2, "noscript allow_busy",                            "",                            WITH_ITS_COMMAND,     { tips: "nondeterministic_output all_shards special" }],
    ["script",            -2, "",                                               "",                            ofAllShards(answered("script",
      "`LOAD`, `EXISTS`, `FLUSH` and `KILL` at every server; a script that the proxy knows " +
      "is loaded ahead of an `EVALSHA` that would not find it, also inside `MULTI`, and " +
      "exists")), { states: ["paused_as_write"] }],
    ["script|debug",       3, "noscript",                                       "",                            WITH_ITS_COMMAND],
    ["script|exists",     -3, "noscript",                                       "",                            WITH_ITS_COMMAND,     { tips: "all_shards agg_logical_and" }],
    ["script|flush",      -2, "noscript",                                       "",                            WITH_ITS_COMMAND,     { tips: "all_nodes all_succeeded" }],
    ["script|help",        2, "loading stale",                                  "",                            WITH_ITS_COMMAND],
    ["script|kill",        2, "noscript allow_busy",                            "",                            WITH_ITS_COMMAND,     { tips: "all_shards one_succeeded" }],
    ["script|load",        3, "noscript stale",                                 "",                            WITH_ITS_COMMAND,     { tips: "all_nodes all_succeeded" }],
  ],
};
