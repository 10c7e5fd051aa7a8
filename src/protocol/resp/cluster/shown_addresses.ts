/**
 * Nodes of a Redis Cluster under the addresses that clients are to use: CLUSTER SHARDS and CLUSTER SLOTS.
 *
 * @module
 */
import { formatEndpoint, tcpEndpoint } from "../../../endpoint.ts";
import { SLOT_COUNT } from "../../../hash/mod.ts";
import type { SlotRange } from "../../../worker/messages.ts";
import { ReplyReader } from "../parse/reply_reader.ts";

/** Ranges in a slot map: no map has more than there are slots. */
export const RANGES_MAX: number = SLOT_COUNT;
/** Nodes of one answer that are read; the others are passed over. */
export const NODES_MAX = 4_096;
/** Nodes of one range that are read. */
const REPLICAS_MAX = 256;
/** Longest name of a zone that is kept, characters. */
const ZONE_MAX = 64;

/** A node as CLUSTER SHARDS or CLUSTER SLOTS shows it. */
export interface ShownNode {
  /** `host:port`; "" where it cannot be reached. */
  address: string;
  /** Whether the host is missing from the answer, and the one that was asked stands in for it. */
  isGuess: boolean;
  isMaster: boolean;
  /** Whether it has data to serve: neither failed nor loading. */
  isOnline: boolean;
  zone: string;
}

/** The nodes of an answer by id, and the ranges by the id of their master as far as that can be told. */
export interface ShownNodes {
  nodes: Map<string, ShownNode>;
  ranges: SlotRange[];
}

/**
 * The host under which a node is to be reached. A node that gives no endpoint means the one that was asked; `?` means
 * a host name that it does not have, and then its IP address will do.
 */
export function nodeHost(endpoint: string, ip: string, askedHost: string): string {
  if (endpoint !== "" && endpoint !== "?") return unbracketed(endpoint);
  return endpoint === "?" && ip !== "" && ip !== "?" ? unbracketed(ip) : askedHost;
}

/** Without the brackets of IPv6. */
export function unbracketed(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/**
 * Reads the reply to CLUSTER SHARDS.
 *
 * @param usesTls Whether clients reach nodes by their TLS ports.
 * @returns Null if the reply is none.
 */
export function readShards(
  bytes: Uint8Array,
  askedHost: string,
  usesTls = false,
): ShownNodes | null {
  const reader = new ReplyReader(bytes, 0, bytes.length);
  const count = reader.readArray();
  if (count < 0 || count > RANGES_MAX) return null;
  const shown: ShownNodes = { nodes: new Map(), ranges: [] };
  for (let index = 0; index < count; index++) {
    if (!readShard(reader, shown, { askedHost, usesTls })) return null;
  }
  return shown;
}

interface Asked {
  askedHost: string;
  usesTls: boolean;
}

function readShard(reader: ReplyReader, shown: ShownNodes, asked: Asked): boolean {
  const words = reader.readArray();
  if (words < 4 || words % 2 !== 0) return false;
  let slots: [number, number][] | null = null;
  let nodes: [string, ShownNode][] | null = null;
  for (let pair = 0; pair < words / 2; pair++) {
    const field = reader.readText();
    if (field === "slots") slots = readSlotPairs(reader);
    else if (field === "nodes") nodes = readShardNodes(reader, asked);
    else if (field === null || !reader.skip()) return false;
    if (field === "slots" && slots === null) return false;
    if (field === "nodes" && nodes === null) return false;
  }
  if (slots === null || nodes === null) return false;
  for (const [id, node] of nodes) {
    if (shown.nodes.size < NODES_MAX) shown.nodes.set(id, node);
  }
  const reachable = nodes.filter(([, { address }]) => address !== "");
  // While a replica takes over, its former master may be shown beside it, as a master that has failed.
  const masters = reachable.filter(([, { isMaster }]) => isMaster);
  const master = masters.find(([, { isOnline }]) => isOnline) ?? masters[0];
  if (master === undefined) return true;
  const replicas = reachable.filter(([, { isMaster, isOnline }]) => !isMaster && isOnline);
  for (const [first, last] of slots) {
    shown.ranges.push({
      first,
      last,
      master: master[1].address,
      replicas: replicas.map(([, { address }]) => address),
      id: master[0],
    });
  }
  return shown.ranges.length <= RANGES_MAX;
}

function readSlotPairs(reader: ReplyReader): [number, number][] | null {
  const count = reader.readArray();
  if (count < 0 || count % 2 !== 0 || count > 2 * RANGES_MAX) return null;
  const pairs: [number, number][] = [];
  for (let index = 0; index < count / 2; index++) {
    const first = reader.readInteger();
    const last = first < 0 ? -1 : reader.readInteger();
    if (last < first || first < 0 || last >= SLOT_COUNT) return null;
    pairs.push([first, last]);
  }
  return pairs;
}

function readShardNodes(reader: ReplyReader, asked: Asked): [string, ShownNode][] | null {
  const count = reader.readArray();
  if (count < 0 || count > NODES_MAX) return null;
  const nodes: [string, ShownNode][] = [];
  for (let index = 0; index < count; index++) {
    const node = readShardNode(reader, asked);
    if (node === null) return null;
    nodes.push(node);
  }
  return nodes;
}

function readShardNode(
  reader: ReplyReader,
  { askedHost, usesTls }: Asked,
): [string, ShownNode] | null {
  const words = reader.readArray();
  if (words < 0 || words % 2 !== 0) return null;
  const texts = new Map<string, string>();
  const ports = new Map<string, number>();
  for (let pair = 0; pair < words / 2; pair++) {
    const field = reader.readText();
    if (field === null) return null;
    if (field === "port" || field === "tls-port") {
      const port = reader.readInteger();
      if (port < 0 || port > 65_535) return null;
      ports.set(field, port);
    } else if (field === "replication-offset") {
      if (!reader.skip()) return null;
    } else {
      const { position } = reader;
      const text = reader.readText();
      if (text !== null) texts.set(field, text);
      // A field that this proxy does not know may be anything.
      else if (reader.position !== position || !reader.skip()) return null;
    }
  }
  const text = (field: string) => texts.get(field) ?? "";
  const port = ports.get(usesTls ? "tls-port" : "port") ?? 0;
  const host = nodeHost(text("endpoint"), text("ip"), askedHost);
  return [text("id"), {
    address: port === 0 || host === "" ? "" : formatEndpoint(tcpEndpoint(host, port)),
    isGuess: text("endpoint") === "?" && (text("ip") === "" || text("ip") === "?"),
    isMaster: text("role") === "master",
    isOnline: text("health") !== "fail" && text("health") !== "loading",
    zone: (text("availability-zone") || text("availability_zone")).slice(0, ZONE_MAX),
  }];
}

/**
 * Reads the reply to CLUSTER SLOTS in the forms of Redis 3 to 7: nodes with or without id and metadata.
 *
 * @param askedHost Host that was asked; stands in where a node's host is null, empty or `?`.
 * @returns The ranges as they come; null if the reply is not a slot map.
 */
export function readSlots(bytes: Uint8Array, askedHost: string): ShownNodes | null {
  const reader = new ReplyReader(bytes, 0, bytes.length);
  const count = reader.readArray();
  if (count < 0 || count > RANGES_MAX) return null;
  const shown: ShownNodes = { nodes: new Map(), ranges: [] };
  for (let index = 0; index < count; index++) {
    if (!readRange(reader, askedHost, shown)) return null;
  }
  return shown;
}

function readRange(reader: ReplyReader, askedHost: string, shown: ShownNodes): boolean {
  const elements = reader.readArray();
  const first = elements < 3 ? -1 : reader.readInteger();
  const last = first < 0 ? -1 : reader.readInteger();
  if (last < first || first < 0 || last >= SLOT_COUNT) return false;
  const addresses: string[] = [];
  for (let index = 2; index < elements; index++) {
    const named = readNode(reader, askedHost, index === 2);
    if (named === null) return false;
    const [id, node] = named;
    if (id !== "" && shown.nodes.size < NODES_MAX) shown.nodes.set(id, node);
    if (index > 2 && node.address === "") continue;
    if (addresses.length < REPLICAS_MAX && !addresses.includes(node.address)) {
      addresses.push(node.address);
    }
  }
  const [master, ...replicas] = addresses;
  // The slots of a master that nobody can reach are a gap; the others are served all the same.
  if (master !== "") shown.ranges.push({ first, last, master: master!, replicas });
  return true;
}

/** The node with its id, "" where there is none; port 0 is that of one whose address Redis has lost. */
function readNode(
  reader: ReplyReader,
  askedHost: string,
  isMaster: boolean,
): [string, ShownNode] | null {
  const elements = reader.readArray();
  if (elements < 2) return null;
  const host = reader.readText();
  const port = host === null ? -1 : reader.readInteger();
  if (host === null || port < 0 || port > 65_535) return null;
  const id = elements > 2 ? reader.readText() : "";
  if (id === null) return null;
  for (let index = 3; index < elements; index++) {
    if (!reader.skip()) return null;
  }
  const address = port === 0
    ? ""
    : formatEndpoint(tcpEndpoint(nodeHost(host, "", askedHost), port));
  return [id, { address, isGuess: host === "?", isMaster, isOnline: true, zone: "" }];
}
