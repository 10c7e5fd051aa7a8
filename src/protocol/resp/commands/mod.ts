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
import { arrayCommands } from "./array.ts";
import { bitmapCommands } from "./bitmap.ts";
import { type CommandDescription, definitionsOf, describeGroup } from "./catalogue.ts";
import { connectionCommands } from "./connection.ts";
import { geoCommands } from "./geo.ts";
import { hashCommands } from "./hash.ts";
import { hyperloglogCommands } from "./hyperloglog.ts";
import { keyspaceCommands } from "./keyspace.ts";
import { listCommands } from "./list.ts";
import { pubsubCommands } from "./pubsub.ts";
import type { CommandGroup } from "./record.ts";
import { scriptingCommands } from "./scripting.ts";
import { serverCommands } from "./server.ts";
import { setCommands } from "./set.ts";
import { sortedSetCommands } from "./sorted_set.ts";
import { streamCommands } from "./stream.ts";
import { stringCommands } from "./string.ts";
import { vectorSetCommands } from "./vector_set.ts";

/** Every command of Redis 7.0 to 8.12 and of Valkey to 9.1, supported or refused, in the order of docs/commands.md. */
export const respGroups: readonly CommandGroup[] = [
  stringCommands,
  keyspaceCommands,
  hashCommands,
  listCommands,
  setCommands,
  sortedSetCommands,
  streamCommands,
  geoCommands,
  bitmapCommands,
  hyperloglogCommands,
  vectorSetCommands,
  arrayCommands,
  scriptingCommands,
  pubsubCommands,
  connectionCommands,
  serverCommands,
];

const described = respGroups.flatMap(describeGroup);

/** What is known of each command, and of each subcommand by its full name, such as `client|list`. */
export const respDescriptions: ReadonlyMap<string, CommandDescription> = new Map(
  described.flatMap((command) => [command, ...command.subcommands])
    .map((command) => [command.name, command]),
);

/** The rows of all commands. */
export const respDefinitions: readonly CommandDefinition[] = described.flatMap(definitionsOf);

/** The table of clusters that have no commands of their own. */
export const respCommands: CommandTable = createCommandTable(respDefinitions);
