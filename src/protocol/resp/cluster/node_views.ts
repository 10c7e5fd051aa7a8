/**
 * What one node of a Redis Cluster knows of all, put together from several of its answers:
 *
 * - CLUSTER NODES says who has which slots, under which configuration epoch, and who is replica of whom;
 * - CLUSTER SHARDS (from Redis 7.0 on), else CLUSTER SLOTS, says under which address clients are to reach a node; SHARDS
 *   also whether it is loading its data, and its availability zone.
 *
 * Where one of them is refused, the other is enough. Rare, so it may make strings.
 *
 * @module
 */
import { formatEndpoint, tcpEndpoint } from "../../../endpoint.ts";
import { SLOT_COUNT } from "../../../hash/mod.ts";
import type { SlotRange } from "../../../worker/messages.ts";
import {
  NODES_MAX,
  RANGES_MAX,
  readShards,
  readSlots,
  type ShownNodes,
  unbracketed,
} from "./shown_addresses.ts";
import { requestBytes } from "../write/replies.ts";
import { ReplyReader } from "../parse/reply_reader.ts";

/** A cluster as one node sees it. */
export interface ClusterView {
  /** The slots that have a master, none twice. */
  ranges: SlotRange[];
  /** Ids of all nodes that it knows; empty where it did not say. */
  ids: ReadonlySet<string>;
  /** The id of the node that says so; "" where it did not. */
  self: string;
  /** Availability zones by `host:port`, as far as nodes have one. */
  zones: ReadonlyMap<string, string>;
}

/** A line of CLUSTER NODES. */
interface NodeLine {
  id: string;
  /** Its own word for its address; "" where it has none. */
  address: string;
  flags: ReadonlySet<string>;
  /** Id of its master; "" for a master. */
  masterId: string;
  epoch: number;
  slots: [first: number, last: number][];
}

const decoder = new TextDecoder();

/** Reads the reply to CLUSTER NODES; null if it is none. */
function readNodeLines(bytes: Uint8Array): NodeLine[] | null {
  const reader = new ReplyReader(bytes, 0, bytes.length);
  const isError = bytes[0] === 0x2d;
  const text = isError ? null : readAnyText(reader, bytes);
  if (text === null) return null;
  const nodes: NodeLine[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || nodes.length === NODES_MAX) continue;
    const node = readNodeLine(line.trim().split(" "));
    if (node === null) return null;
    nodes.push(node);
  }
  return nodes.length === 0 ? null : nodes;
}

/** A bulk string, or a verbatim one, whose first four characters are its format. */
function readAnyText(reader: ReplyReader, bytes: Uint8Array): string | null {
  if (bytes[0] !== 0x3d) return reader.readText();
  const lineEnd = bytes.indexOf(0x0a);
  return lineEnd < 0 ? null : decoder.decode(bytes.subarray(lineEnd + 1 + 4, bytes.length - 2));
}

function readNodeLine(words: readonly string[]): NodeLine | null {
  const [id, place, flags, master, , , epoch, , ...slots] = words;
  if (epoch === undefined || !/^\d{1,16}$/.test(epoch)) return null;
  const ranges: [number, number][] = [];
  for (const slot of slots) {
    // In brackets: a slot that is about to move.
    if (slot.startsWith("[")) continue;
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(slot);
    if (match === null) return null;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (first > last || last >= SLOT_COUNT) return null;
    ranges.push([first, last]);
  }
  return {
    id: id!,
    address: readPlace(place!),
    flags: new Set(flags!.split(",")),
    masterId: master === "-" ? "" : master!,
    epoch: Number(epoch),
    slots: ranges,
  };
}

/** `ip:port@busport,hostname`; with an empty host it is the node that was asked. */
function readPlace(place: string): string {
  const [address] = place.split(/[@,]/);
  const colon = address!.lastIndexOf(":");
  const port = Number(address!.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port) || port < 1 || port > 65_535) return "";
  return formatEndpoint(tcpEndpoint(unbracketed(address!.slice(0, colon)), port));
}

/**
 * Reads the reply to CLUSTER NODES, with the addresses of `shown` as far as it has them.
 *
 * @returns Null if the reply is none.
 */
export function readNodes(
  bytes: Uint8Array,
  shown: ShownNodes | null,
  askedHost: string,
): ClusterView | null {
  const lines = readNodeLines(bytes);
  if (lines === null) return null;
  const addressOf = (node: NodeLine) => {
    const known = shown?.nodes.get(node.id);
    if (known !== undefined && known.address !== "" && !known.isGuess) return known.address;
    return node.address.startsWith(":") ? joinHost(askedHost, node.address) : node.address;
  };
  const replicas = new Map<string, string[]>();
  for (const node of lines) {
    if (node.masterId === "" || !isUsable(node, shown)) continue;
    const address = addressOf(node);
    if (address === "") continue;
    replicas.set(node.masterId, [...replicas.get(node.masterId) ?? [], address]);
  }
  const ranges: SlotRange[] = [];
  for (const node of lines) {
    const master = addressOf(node);
    if (master === "" || node.flags.has("handshake")) continue;
    for (const [first, last] of node.slots) {
      const range = { first, last, master, replicas: replicas.get(node.id) ?? [] };
      ranges.push({ ...range, epoch: node.epoch, id: node.id });
    }
  }
  if (ranges.length > RANGES_MAX) return null;
  const self = lines.find(({ flags }) => flags.has("myself"))?.id ?? "";
  return { ranges, ids: new Set(lines.map(({ id }) => id)), self, zones: zonesOf(shown) };
}

function joinHost(hostname: string, colonPort: string): string {
  return formatEndpoint(tcpEndpoint(hostname, Number(colonPort.slice(1))));
}

/** Whether a replica has data to read: it has not failed, is not loading, and its address is known. */
function isUsable(node: NodeLine, shown: ShownNodes | null): boolean {
  const { flags } = node;
  if (flags.has("fail") || flags.has("handshake") || flags.has("noaddr")) return false;
  return shown?.nodes.get(node.id)?.isOnline ?? true;
}

/** The view that SHARDS or SLOTS gives alone. */
export function viewOf(shown: ShownNodes): ClusterView {
  const ids = new Set(shown.nodes.keys());
  return { ranges: shown.ranges, ids, self: "", zones: zonesOf(shown) };
}

function zonesOf(shown: ShownNodes | null): Map<string, string> {
  const zones = new Map<string, string>();
  for (const { address, zone } of shown?.nodes.values() ?? []) {
    if (address !== "" && zone !== "") zones.set(address, zone);
  }
  return zones;
}

/** Asks for a view; both are sent at once. */
export const viewRequests: readonly Uint8Array[] = [
  requestBytes("CLUSTER", "SHARDS"),
  requestBytes("CLUSTER", "NODES"),
];
/** Asked behind them where SHARDS is refused. */
export const furtherViewRequest: Uint8Array = requestBytes("CLUSTER", "SLOTS");

/**
 * Reads the replies to {@link viewRequests}, and to {@link furtherViewRequest} if it was sent.
 *
 * @returns Null if they show no view; "more" where it takes the further request.
 */
export function readView(
  replies: readonly Uint8Array[],
  askedHost: string,
  usesTls = false,
): ClusterView | null | "more" {
  const [shards, nodes, slots] = replies;
  let shown = readShards(shards!, askedHost, usesTls);
  if (shown === null) {
    if (slots === undefined) return "more";
    shown = readSlots(slots, askedHost);
  }
  return readNodes(nodes!, shown, askedHost) ?? (shown === null ? null : viewOf(shown));
}
