/**
 * What Redis Cluster says about itself: redirections and the slot map, from bytes to values. Rare, so it may
 * make strings.
 *
 * @module
 */
import { formatEndpoint, type TcpEndpoint, tcpEndpoint } from "../../../endpoint.ts";
import type { SlotRange } from "../../../worker/messages.ts";
import { requestBytes } from "../write/replies.ts";
import { ReplyReader } from "../parse/reply_reader.ts";

/** Number of hash slots. */
export const SLOT_COUNT = 16_384;
/** An error reply that redirects is shorter than this, in bytes. */
const REDIRECT_LIMIT_BYTES = 512;
/** Ranges in a slot map: no map has more than there are slots. */
const RANGES_MAX = SLOT_COUNT;
/** Nodes of one range that are read; the others are passed over. */
const NODES_MAX = 256;

/**
 * What an error reply says about topology: 0 nothing, 1 MOVED, 2 ASK, 3 CLUSTERDOWN or READONLY, 4 LOADING or
 * MASTERDOWN.
 */
export interface RedirectReading {
  kind: 0 | 1 | 2 | 3 | 4;
  slot: number;
  /** Null where the reply names no usable address. An empty host name stands for the host that replied. */
  target: TcpEndpoint | null;
}

const decoder = new TextDecoder();

/** The words of Redis Cluster, as the slot router and its fetches use them. */
export const clusterDialect = {
  /** `ASKING`: goes right before a request that follows an ASK. */
  asking: requestBytes("ASKING"),
  /** Asks for the slot map. */
  slotsRequest: requestBytes("CLUSTER", "SLOTS"),
  readRedirect,
  readSlots,
  parseAddress,
} as const;

/**
 * Reads `-MOVED slot host:port`, `-ASK slot host:port`, `-CLUSTERDOWN …`, `-READONLY …`, `-LOADING …` and
 * `-MASTERDOWN …`. Anything else is kind 0; a redirection that cannot be read has its kind and no target.
 */
export function readRedirect(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: RedirectReading,
): void {
  into.kind = 0;
  into.slot = -1;
  into.target = null;
  // Few errors begin with these letters, so most cost no string.
  const first = bytes[start + 1];
  if (first !== 0x4d && first !== 0x41 && first !== 0x43 && first !== 0x4c && first !== 0x52) {
    return;
  }
  const text = decoder.decode(bytes.subarray(start, Math.min(end, start + REDIRECT_LIMIT_BYTES)));
  // Of what has no key a former master says no more than that it may not write.
  if (text.startsWith("-CLUSTERDOWN") || text.startsWith("-READONLY ")) {
    into.kind = 3;
    return;
  }
  if (text.startsWith("-LOADING ") || text.startsWith("-MASTERDOWN ")) {
    into.kind = 4;
    return;
  }
  const words = text.trimEnd().split(" ");
  if (words[0] !== "-MOVED" && words[0] !== "-ASK") return;
  into.kind = words[0] === "-MOVED" ? 1 : 2;
  const slot = words[1] ?? "";
  if (!/^\d{1,5}$/.test(slot) || Number(slot) >= SLOT_COUNT) return;
  into.slot = Number(slot);
  into.target = readTarget(words[2] ?? "");
}

/** Reads the `host:port` of a redirection, where IPv6 has no brackets and the host may be left out. */
function readTarget(text: string): TcpEndpoint | null {
  const colon = text.lastIndexOf(":");
  const port = colon < 0 ? 0 : readPort(text.slice(colon + 1));
  return port === 0 ? null : tcpEndpoint(knownHost(text.slice(0, colon)), port);
}

/** Splits `host:port`, IPv6 with or without brackets; null if it is none or has no host. */
export function parseAddress(address: string): TcpEndpoint | null {
  const target = readTarget(address);
  return target === null || target.hostname === "" ? null : target;
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port <= 65_535 ? port : 0;
}

/** Empty for the words that stand for a host the node does not know. */
function knownHost(text: string): string {
  if (text === "?") return "";
  return text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
}

/**
 * Reads the reply to CLUSTER SLOTS in the forms of Redis 3 to 7: nodes with or without id and metadata.
 *
 * @param askedHost Host that was asked; stands in where a node's host is null, empty or `?`.
 * @returns The ranges as they come; null if the reply is not a slot map.
 */
export function readSlots(
  bytes: Uint8Array,
  start: number,
  end: number,
  askedHost: string,
): SlotRange[] | null {
  const reader = new ReplyReader(bytes, start, end);
  const count = reader.readArray();
  if (count < 0 || count > RANGES_MAX) return null;
  const ranges: SlotRange[] = [];
  for (let index = 0; index < count; index++) {
    const range = readRange(reader, askedHost);
    if (range === null) return null;
    // The slots of a master that nobody can reach are a gap; the others are served all the same.
    if (range.master !== "") ranges.push(range);
  }
  return ranges;
}

function readRange(reader: ReplyReader, askedHost: string): SlotRange | null {
  const elements = reader.readArray();
  const first = elements < 3 ? -1 : reader.readInteger();
  const last = first < 0 ? -1 : reader.readInteger();
  if (last < first || first < 0 || last >= SLOT_COUNT) return null;
  const nodes: string[] = [];
  for (let index = 2; index < elements; index++) {
    const address = readNode(reader, askedHost);
    if (address === null) return null;
    if (index > 2 && address === "") continue;
    if (nodes.length < NODES_MAX && !nodes.includes(address)) nodes.push(address);
  }
  return { first, last, master: nodes[0]!, replicas: nodes.slice(1) };
}

/** The node's `host:port`; "" for one whose address Redis has lost and gives as port 0; null if it is none. */
function readNode(reader: ReplyReader, askedHost: string): string | null {
  const elements = reader.readArray();
  if (elements < 2) return null;
  const host = reader.readText();
  const port = host === null ? -1 : reader.readInteger();
  if (host === null || port < 0 || port > 65_535) return null;
  for (let index = 2; index < elements; index++) {
    if (!reader.skip()) return null;
  }
  return port === 0 ? "" : formatEndpoint(tcpEndpoint(knownHost(host) || askedHost, port));
}
