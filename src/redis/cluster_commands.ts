/**
 * CLUSTER: a cluster-aware client is told that the proxy is the whole cluster, so it sends everything here.
 *
 * @module
 */
import { slotOf } from "../hash/mod.ts";
import {
  arityError,
  clusterInfoReply,
  clusterMyIdReply,
  clusterNodesReply,
  clusterShardsReply,
  clusterSlotsReply,
  errorReply,
  integerReply,
} from "../protocol/resp/mod.ts";
import type { LocalOptions } from "./local_options.ts";
import type { LocalRequest } from "./local_request.ts";
import { unknownSubcommandReply } from "./reply_builder.ts";

/** Words of each subcommand, CLUSTER included. */
const wordCounts: Readonly<Record<string, number>> = {
  slots: 2,
  shards: 2,
  nodes: 2,
  info: 2,
  myid: 2,
  keyslot: 3,
};

/** Answers CLUSTER with its subcommand. */
export function clusterAnswer(request: LocalRequest, options: LocalOptions): Uint8Array {
  if (!options.isCluster) return errorReply("ERR This instance has cluster support disabled");
  const { words } = request;
  const subcommand = words[1]!.toLowerCase();
  const wordCount = wordCounts[subcommand];
  if (wordCount === undefined) return unknownSubcommandReply("cluster", words[1]!);
  if (words.length !== wordCount) return arityError(`cluster|${subcommand}`);
  const { hostname, port } = options.advertised;
  switch (subcommand) {
    case "slots":
      return clusterSlotsReply(hostname, port);
    case "shards":
      return clusterShardsReply(hostname, port);
    case "nodes":
      return clusterNodesReply(hostname, port);
    case "myid":
      return clusterMyIdReply(hostname, port);
    case "keyslot": {
      const key = request.raw(2);
      return integerReply(slotOf(key, 0, key.length));
    }
    default:
      return clusterInfoReply();
  }
}
