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
import { clusterView, shardId } from "./shown_cluster.ts";
import type { KnownServers } from "./known_servers.ts";
import {
  helpReply,
  mapReply,
  shown,
  textReply,
  unknownSubcommandReply,
} from "../core/reply_builder.ts";

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
  "MYSHARDID",
  "    Return the shard id of the node: each proxy is a shard.",
  "NODES",
  "    Return the proxies as masters, in the form of Redis.",
  "REPLICAS <node-id>",
  "    Return no replicas of a proxy.",
  "SHARDS",
  "    Return each proxy as a shard; they have all slots.",
  "SLOTS",
  "    Return the proxies as the masters of all slots.",
  "SLOT-STATS",
  "    Return the statistics of slots that the nodes keep, of all of them together.",
];

/** What is said where there is no Redis Cluster. */
export const NO_CLUSTER: Uint8Array = errorReply("ERR This instance has cluster support disabled");

/** Answers what only servers know: the error, or null where they answer. */
export interface NodeAnswers {
  /** What the owner of a slot knows. */
  askOwner(request: LocalRequest): Uint8Array | null;
  /** Statistics of slots, of which each master has its own. */
  askStatistics(request: LocalRequest): Uint8Array | null;
}

/** Answers CLUSTER with its subcommand. */
export function clusterAnswer(
  request: LocalRequest,
  options: LocalOptions,
  servers: KnownServers,
  nodes: NodeAnswers,
): Uint8Array | null {
  if (!options.isCluster) return NO_CLUSTER;
  const { words } = request;
  const subcommand = words[1]!.toLowerCase();
  const name = `cluster|${subcommand}`;
  const known = respDescriptions.get(name);
  if (known === undefined) return unknownSubcommandReply("cluster", words[1]!);
  const { reason } = known.route;
  if (reason) return errorReply(`ERR ${refusalText(name, reason)}`);
  if (!hasArity(known.arity, words.length)) return arityError(name);
  const own = options.advertisedTo(request.client);
  const { proxies, ownId } = clusterView(options.siblings, own);
  const { version } = request.client.profiles.master;
  switch (subcommand) {
    case "slots":
      return clusterSlotsReply(proxies);
    case "shards":
      return shardsReply(proxies, options.speaksTls(request.client), version);
    case "nodes":
      return textReply(clusterNodesText(proxies, ownId), version);
    case "myid":
      return bulkReply(ownId);
    case "myshardid":
      return bulkReply(shardId(own));
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
      return nodes.askOwner(request);
    case "slot-stats":
      return nodes.askStatistics(request);
    case "info":
      return textReply(clusterInfoText(proxies.length), version);
    case "help":
      return helpReply("cluster", HELP, servers.kind);
    default:
      return unknownSubcommandReply("cluster", words[1]!);
  }
}

/** Whether a number of words is right; a negative arity is the least number. */
function hasArity(arity: number, wordCount: number): boolean {
  return arity < 0 ? wordCount >= -arity : wordCount === arity;
}

/** SLOTS and NODES have one port, which is that for connections like the client's; SHARDS has a name for either. */
function shardsReply(
  proxies: readonly ShownProxy[],
  usesTls: boolean,
  version: 2 | 3,
): Uint8Array {
  return arrayReply(proxies.map(({ hostname, port, id, firstSlot, lastSlot }) => {
    const node = mapReply([
      ["id", bulkReply(id)],
      [usesTls ? "tls-port" : "port", integerReply(port)],
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
