/**
 * Geospatial commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { geoRadiusKeys } from "../key_finders/option_keys.ts";
import { forward, moving, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Geospatial commands. */
export const geoCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("geoadd",                -5, Write,  1,  1,  1),
  forward("geodist",               -4, Read,   1,  1,  1),
  forward("geohash",               -2, Read,   1,  1,  1),
  forward("geopos",                -2, Read,   1,  1,  1),
  moving( "georadius",             -6, Write,  1,  1,  1, geoRadiusKeys),
  forward("georadius_ro",          -6, Read,   1,  1,  1),
  moving( "georadiusbymember",     -5, Write,  1,  1,  1, geoRadiusKeys),
  forward("georadiusbymember_ro",  -5, Read,   1,  1,  1),
  forward("geosearch",             -7, Read,   1,  1,  1),
  forward("geosearchstore",        -8, Write,  1,  2,  1),
];
