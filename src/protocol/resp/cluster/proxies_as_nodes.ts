/**
 * What cluster-aware clients are told: proxies are the masters of all slots. They then send everything
 * to one of them and never meet a redirection.
 *
 * @module
 */
import { SLOT_COUNT } from "../../../hash/mod.ts";
import { arrayReply, bulkReply, integerReply } from "../write/replies.ts";

/** Redis's distance from a node's port to that of its cluster bus. */
const BUS_PORT_DISTANCE = 10_000;
const PORT_MAX = 65_535;

/** A proxy as a node of a cluster. */
export interface ShownProxy {
  /** Host name or IP address, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** 40 hexadecimal digits. */
  readonly id: string;
  /** Its slots, both included. */
  readonly firstSlot: number;
  readonly lastSlot: number;
}

/** Answers `CLUSTER SLOTS`. */
export function clusterSlotsReply(proxies: readonly ShownProxy[]): Uint8Array {
  return arrayReply(proxies.map(({ hostname, port, id, firstSlot, lastSlot }) => {
    const node = arrayReply([
      bulkReply(hostname),
      integerReply(port),
      bulkReply(id),
      arrayReply([]),
    ]);
    return arrayReply([integerReply(firstSlot), integerReply(lastSlot), node]);
  }));
}

/** The text of the answer to `CLUSTER NODES`. */
export function clusterNodesText(proxies: readonly ShownProxy[], ownId: string): string {
  return proxies.map(({ hostname, port, id, firstSlot, lastSlot }, index) => {
    const busPort = port + BUS_PORT_DISTANCE <= PORT_MAX ? port + BUS_PORT_DISTANCE : 0;
    const flags = id === ownId ? "myself,master" : "master";
    const slots = firstSlot === lastSlot ? firstSlot : `${firstSlot}-${lastSlot}`;
    // Redis writes IPv6 without brackets here; clients split at the last colon.
    return `${id} ${hostname}:${port}@${busPort} ${flags} - 0 0 ${index + 1} connected ${slots}\n`;
  }).join("");
}

/** The text of the answer to `CLUSTER INFO`. */
export function clusterInfoText(proxyCount: number): string {
  const fields = [
    "cluster_state:ok",
    `cluster_slots_assigned:${SLOT_COUNT}`,
    `cluster_slots_ok:${SLOT_COUNT}`,
    "cluster_slots_pfail:0",
    "cluster_slots_fail:0",
    `cluster_known_nodes:${proxyCount}`,
    `cluster_size:${proxyCount}`,
    `cluster_current_epoch:${proxyCount}`,
    "cluster_my_epoch:1",
  ];
  return fields.map((field) => `${field}\r\n`).join("");
}
