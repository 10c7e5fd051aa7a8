/**
 * CLUSTER: a cluster-aware client is told that the proxy, or the proxy and its siblings, are the whole cluster, so it
 * sends everything to them.
 *
 * @module
 */
import { slotOf } from "../../hash/mod.ts";
import {
  arityError,
  arrayReply,
  bulkReply,
  byteErrorReply,
  clusterInfoText,
  clusterNodesText,
  clusterSlotsReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
  type ShownProxy,
} from "../../protocol/resp/mod.ts";
import { respDescriptions } from "../../protocol/resp/commands/mod.ts";
import { refusalText } from "../../protocol/resp/commands/reasons.ts";
import type { LocalOptions } from "../core/local_options.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { clusterView } from "./cluster_view.ts";
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
  "    Return the proxies as masters, in the form of Redis.",
  "REPLICAS <node-id>",
  "    Return no replicas of a proxy.",
  "SHARDS",
  "    Return each proxy as a shard; they have all slots.",
  "SLOTS",
  "    Return the proxies as the masters of all slots.",
];

/** What is said where there is no Redis Cluster. */
export const NO_CLUSTER: Uint8Array = errorReply("ERR This instance has cluster support disabled");

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
  if (!options.isCluster) return NO_CLUSTER;
  const { words } = request;
  const subcommand = words[1]!.toLowerCase();
  const wordCount = wordCounts[subcommand];
  if (wordCount === undefined) return refusedReply(subcommand, words[1]!);
  if (words.length !== wordCount) return arityError(`cluster|${subcommand}`);
  const { proxies, ownId } = clusterView(options.siblings, options.advertisedTo(request.client));
  const { version } = request.client.profiles.master;
  switch (subcommand) {
    case "slots":
      return clusterSlotsReply(proxies);
    case "shards":
      return shardsReply(proxies, version);
    case "nodes":
      return textReply(clusterNodesText(proxies, ownId), version);
    case "myid":
      return bulkReply(ownId);
    case "keyslot": {
      const key = request.raw(2);
      return integerReply(slotOf(key, 0, key.length));
    }
    case "links":
      return EMPTY_ARRAY_REPLY;
    case "replicas":
    case "slaves":
      return proxies.some(({ id }) => id === words[2])
        ? EMPTY_ARRAY_REPLY
        : byteErrorReply(`ERR Unknown node ${shown(words[2]!)}`);
    case "countkeysinslot":
    case "getkeysinslot":
      return askOwner(request);
    case "help":
      return helpReply("cluster", HELP, servers.kind);
    default:
      return textReply(clusterInfoText(proxies.length), version);
  }
}

/** What changes a cluster is not for the proxy; anything else is unknown. */
function refusedReply(subcommand: string, written: string): Uint8Array {
  const name = `cluster|${subcommand}`;
  const reason = respDescriptions.get(name)?.route.reason;
  return reason
    ? errorReply(`ERR ${refusalText(name, reason)}`)
    : unknownSubcommandReply("cluster", written);
}

function shardsReply(proxies: readonly ShownProxy[], version: 2 | 3): Uint8Array {
  return arrayReply(proxies.map(({ hostname, port, id, firstSlot, lastSlot }) => {
    const node = mapReply([
      ["id", bulkReply(id)],
      ["port", integerReply(port)],
      ["ip", bulkReply(hostname)],
      ["endpoint", bulkReply(hostname)],
      ["role", bulkReply("master")],
      ["replication-offset", integerReply(0)],
      ["health", bulkReply("online")],
    ], version);
    const slots = arrayReply([integerReply(firstSlot), integerReply(lastSlot)]);
    return mapReply([["slots", slots], ["nodes", arrayReply([node])]], version);
  }));
}
