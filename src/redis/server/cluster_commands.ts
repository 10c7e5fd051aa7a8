/**
 * CLUSTER: a cluster-aware client is told that the proxy is the whole cluster, so it sends everything here.
 *
 * @module
 */
import { SLOT_COUNT, slotOf } from "../../hash/mod.ts";
import {
  arityError,
  arrayReply,
  bulkReply,
  byteErrorReply,
  clusterInfoText,
  clusterMyIdReply,
  clusterNodesText,
  clusterSlotsReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
  proxyNodeName,
} from "../../protocol/resp/mod.ts";
import type { LocalOptions } from "../core/local_options.ts";
import type { LocalRequest } from "../core/local_request.ts";
import type { KnownServers } from "./known_servers.ts";
import {
  helpReply,
  mapReply,
  shown,
  textReply,
  unknownSubcommandReply,
} from "../core/reply_builder.ts";

/** Words of each subcommand, CLUSTER included. */
const wordCounts: Readonly<Record<string, number>> = {
  slots: 2,
  shards: 2,
  nodes: 2,
  info: 2,
  myid: 2,
  keyslot: 3,
  links: 2,
  replicas: 3,
  slaves: 3,
  countkeysinslot: 3,
  getkeysinslot: 4,
  help: 2,
};

const HELP: readonly string[] = [
  "COUNTKEYSINSLOT <slot>",
  "    Return the number of keys in <slot>.",
  "GETKEYSINSLOT <slot> <count>",
  "    Return key names stored by the node that has <slot>.",
  "INFO",
  "    Return information about the cluster: the proxy stands for all of it.",
  "KEYSLOT <key>",
  "    Return the hash slot for <key>.",
  "LINKS",
  "    Return no links: the proxy has no peers.",
  "MYID",
  "    Return the node id.",
  "NODES",
  "    Return the proxy as the one master, in the form of Redis.",
  "REPLICAS <node-id>",
  "    Return no replicas of the proxy.",
  "SHARDS",
  "    Return the proxy as the one shard, with all slots.",
  "SLOTS",
  "    Return the proxy as the master of all slots.",
];

/**
 * Answers CLUSTER with its subcommand.
 *
 * @param askOwner Answers what only the owner of a slot knows.
 */
export function clusterAnswer(
  request: LocalRequest,
  options: LocalOptions,
  servers: KnownServers,
  askOwner: (request: LocalRequest) => Uint8Array | null,
): Uint8Array | null {
  if (!options.isCluster) return errorReply("ERR This instance has cluster support disabled");
  const { words } = request;
  const subcommand = words[1]!.toLowerCase();
  const wordCount = wordCounts[subcommand];
  if (wordCount === undefined) return unknownSubcommandReply("cluster", words[1]!);
  if (words.length !== wordCount) return arityError(`cluster|${subcommand}`);
  const { hostname, port } = options.advertised;
  const { version } = request.client.profiles.master;
  switch (subcommand) {
    case "slots":
      return clusterSlotsReply(hostname, port);
    case "shards":
      return shardsReply(hostname, port, version);
    case "nodes":
      return textReply(clusterNodesText(hostname, port), version);
    case "myid":
      return clusterMyIdReply(hostname, port);
    case "keyslot": {
      const key = request.raw(2);
      return integerReply(slotOf(key, 0, key.length));
    }
    case "links":
      return EMPTY_ARRAY_REPLY;
    case "replicas":
    case "slaves":
      return words[2] === proxyNodeName(hostname, port)
        ? EMPTY_ARRAY_REPLY
        : byteErrorReply(`ERR Unknown node ${shown(words[2]!)}`);
    case "countkeysinslot":
    case "getkeysinslot":
      return askOwner(request);
    case "help":
      return helpReply("cluster", HELP, servers.kind);
    default:
      return textReply(clusterInfoText(), version);
  }
}

function shardsReply(host: string, port: number, version: 2 | 3): Uint8Array {
  const node = mapReply([
    ["id", bulkReply(proxyNodeName(host, port))],
    ["port", integerReply(port)],
    ["ip", bulkReply(host)],
    ["endpoint", bulkReply(host)],
    ["role", bulkReply("master")],
    ["replication-offset", integerReply(0)],
    ["health", bulkReply("online")],
  ], version);
  const slots = arrayReply([integerReply(0), integerReply(SLOT_COUNT - 1)]);
  const shard = mapReply([["slots", slots], ["nodes", arrayReply([node])]], version);
  return arrayReply([shard]);
}
