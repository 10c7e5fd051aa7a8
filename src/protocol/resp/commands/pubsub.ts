/**
 * Publish and subscribe commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { channelKey } from "../key_finders/channel_key.ts";
import { barrier, forward, local, moving, withKeys } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Publish and subscribe commands. */
export const pubsubCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  barrier("psubscribe",            -2),
  moving( "publish",                3, 0,      0,  0,  0, channelKey),
  local(  "pubsub",                -2),
  barrier("punsubscribe",          -1),
  forward("spublish",               3, 0,      1,  1,  1),
  withKeys(barrier("ssubscribe",   -2),        1, -1,  1),
  barrier("subscribe",             -2),
  withKeys(barrier("sunsubscribe", -1),        1, -1,  1),
  barrier("unsubscribe",           -1),
];
