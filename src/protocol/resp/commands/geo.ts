/**
 * Geospatial commands.
 *
 * @module
 */
import { geoRadiusKeys } from "../key_finders/option_keys.ts";
import type { CommandGroup } from "./record.ts";
import { BY_KEY, keysBy } from "./route.ts";

/** Geospatial commands. */
export const geoCommands: CommandGroup = {
  title: "Geospatial",
  category: "@geo",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name                arity  flags            keys                                          what the proxy does
    ["geoadd",                -5, "write denyoom", "RW update: 1",                               BY_KEY],
    ["geodist",               -4, "readonly",      "RO access: 1",                               BY_KEY],
    ["geohash",               -2, "readonly",      "RO access: 1",                               BY_KEY],
    ["geopos",                -2, "readonly",      "RO access: 1",                               BY_KEY],
    ["georadius",             -6, "write denyoom", "RO access: 1, OW update: STORE from 6, OW update: STOREDIST from 6", keysBy(geoRadiusKeys)],
    ["georadius_ro",          -6, "readonly",      "RO access: 1",                               BY_KEY],
    ["georadiusbymember",     -5, "write denyoom", "RO access: 1, OW update: STORE from 5, OW update: STOREDIST from 5", keysBy(geoRadiusKeys)],
    ["georadiusbymember_ro",  -5, "readonly",      "RO access: 1",                               BY_KEY],
    ["geosearch",             -7, "readonly",      "RO access: 1",                               BY_KEY],
    ["geosearchstore",        -8, "write denyoom", "OW update: 1, RO access: 2",                 BY_KEY],
  ],
};
