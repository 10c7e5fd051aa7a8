/**
 * What cluster-aware clients are told: the proxy is the one master of all slots. They then send everything
 * here and never meet a redirection.
 *
 * @module
 */
import { SLOT_COUNT } from "./cluster_dialect.ts";
import { arrayReply, bulkReply, integerReply } from "../write/replies.ts";

const LAST_SLOT = SLOT_COUNT - 1;
/** Redis's distance from a node's port to that of its cluster bus. */
const BUS_PORT_DISTANCE = 10_000;
const PORT_MAX = 65_535;

/** Hexadecimal digits of a node's name, and of each number it is made from. */
const NODE_NAME_DIGITS = 40;
const NUMBER_DIGITS = 8;

/**
 * The name of the proxy as a node: the same for the same address, on every worker and after a restart.
 *
 * @param host Advertised host name or IP address, IPv6 without brackets.
 */
export function proxyNodeName(host: string, port: number): string {
  let name = "";
  for (let salt = 0; name.length < NODE_NAME_DIGITS; salt++) {
    // FNV-1a: nothing hangs on its strength here.
    let hash = 0x811c9dc5;
    for (const character of `${salt} ${host} ${port}`) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
    name += hash.toString(16).padStart(NUMBER_DIGITS, "0");
  }
  return name;
}

/** Answers `CLUSTER SLOTS`. */
export function clusterSlotsReply(host: string, port: number): Uint8Array {
  const node = arrayReply([
    bulkReply(host),
    integerReply(port),
    bulkReply(proxyNodeName(host, port)),
    arrayReply([]),
  ]);
  return arrayReply([arrayReply([integerReply(0), integerReply(LAST_SLOT), node])]);
}

/** The text of the answer to `CLUSTER NODES`. */
export function clusterNodesText(host: string, port: number): string {
  const busPort = port + BUS_PORT_DISTANCE <= PORT_MAX ? port + BUS_PORT_DISTANCE : 0;
  const name = proxyNodeName(host, port);
  // Redis writes IPv6 without brackets here; clients split at the last colon.
  return `${name} ${host}:${port}@${busPort} myself,master - 0 0 1 connected 0-${LAST_SLOT}\n`;
}

/** Answers `CLUSTER MYID`. */
export function clusterMyIdReply(host: string, port: number): Uint8Array {
  return bulkReply(proxyNodeName(host, port));
}

/** The text of the answer to `CLUSTER INFO`. */
export function clusterInfoText(): string {
  const fields = [
    "cluster_state:ok",
    `cluster_slots_assigned:${SLOT_COUNT}`,
    `cluster_slots_ok:${SLOT_COUNT}`,
    "cluster_slots_pfail:0",
    "cluster_slots_fail:0",
    "cluster_known_nodes:1",
    "cluster_size:1",
    "cluster_current_epoch:1",
    "cluster_my_epoch:1",
  ];
  return fields.map((field) => `${field}\r\n`).join("");
}
