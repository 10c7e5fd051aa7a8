/**
 * Publish and subscribe commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { PUBLISH_SUBSCRIBE } from "./reasons.ts";
import { refuse } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Publish and subscribe commands. */
export const pubsubCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  refuse( "psubscribe",            -2, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
  refuse( "publish",                3, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
  refuse( "pubsub",                -2, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
  refuse( "punsubscribe",          -1, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
  refuse( "spublish",               3, 0,      1,  1,  1, PUBLISH_SUBSCRIBE),
  refuse( "ssubscribe",            -2, 0,      1, -1,  1, PUBLISH_SUBSCRIBE),
  refuse( "subscribe",             -2, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
  refuse( "sunsubscribe",          -1, 0,      1, -1,  1, PUBLISH_SUBSCRIBE),
  refuse( "unsubscribe",           -1, 0,      0,  0,  0, PUBLISH_SUBSCRIBE),
];
