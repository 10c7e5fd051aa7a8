/**
 * The commands of Redis and Valkey as one table.
 *
 * @module
 */
import {
  type CommandDefinition,
  type CommandTable,
  createCommandTable,
} from "../../command_table.ts";
import { bitmapCommands } from "./bitmap.ts";
import { connectionCommands } from "./connection.ts";
import { geoCommands } from "./geo.ts";
import { hashCommands } from "./hash.ts";
import { hyperloglogCommands } from "./hyperloglog.ts";
import { keyspaceCommands } from "./keyspace.ts";
import { listCommands } from "./list.ts";
import { pubsubCommands } from "./pubsub.ts";
import { scriptingCommands } from "./scripting.ts";
import { serverCommands } from "./server.ts";
import { setCommands } from "./set.ts";
import { sortedSetCommands } from "./sorted_set.ts";
import { streamCommands } from "./stream.ts";
import { stringCommands } from "./string.ts";
import { vectorSetCommands } from "./vector_set.ts";

/** Every command of Redis 7.0 to 8 and Valkey 8, supported or refused. */
export const respDefinitions: readonly CommandDefinition[] = [
  ...bitmapCommands,
  ...connectionCommands,
  ...geoCommands,
  ...hashCommands,
  ...hyperloglogCommands,
  ...keyspaceCommands,
  ...listCommands,
  ...pubsubCommands,
  ...scriptingCommands,
  ...serverCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...streamCommands,
  ...stringCommands,
  ...vectorSetCommands,
];

/** The table of clusters that have no commands of their own. */
export const respCommands: CommandTable = createCommandTable(respDefinitions);
