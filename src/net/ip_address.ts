/**
 * IP addresses in a form that can be compared: the same machine's same address has many ways to be written.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";

/** `::ffff:0:0/96` as the URL standard writes it: IPv4 within IPv6. */
const MAPPED_IPV4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * IPv6 in its shortest form, and IPv4 within IPv6 as IPv4; anything else, names too, as it is.
 *
 * @param host Without brackets.
 */
export function comparableIp(host: string): string {
  if (!host.includes(":") || !URL.canParse(`http://[${host}]/`)) return host;
  const shortest = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const mapped = MAPPED_IPV4.exec(shortest);
  if (mapped === null) return shortest;
  const [high, low] = [parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether a comparable address is one that every machine calls itself by. */
export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}

/** Whether a host stands for every address of the machine: `0.0.0.0` or `::`, however it is written. */
export function isWildcard(hostname: string): boolean {
  const host = comparableIp(hostname);
  return host === "0.0.0.0" || host === "::";
}

/** Of IPv6 the half that tells networks apart: whoever has one has all the addresses in it. */
const NETWORK_GROUPS = 4;
/** Where IPv4 addresses stand among those halves: none of them is anybody's. */
const IPV4_KEYS = 0xffff_0000_0000n;
/** Clients whose address cannot be told, all together. */
const UNKNOWN_KEY = 1n;
/** Clients that come by unix sockets, all together, as those of 127.0.0.1 are. */
const UNIX_KEY = 2n;

/**
 * What counts as one client's address, as a number that is not 0: an IPv4 address, or the 64 bits of an IPv6 address that
 * name its network. All clients that come by unix sockets are one.
 */
export function addressKey(peer: Endpoint | null): bigint {
  if (peer === null) return UNKNOWN_KEY;
  if (peer.kind === "unix") return UNIX_KEY;
  const host = comparableIp(peer.hostname);
  const bytes = host.split(".").map(Number);
  if (bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte <= 255)) {
    return IPV4_KEYS | bytes.reduce((key, byte) => (key << 8n) | BigInt(byte), 0n);
  }
  if (!host.includes(":")) return UNKNOWN_KEY;
  const [front = "", back = ""] = host.split("%")[0]!.split("::");
  const groups = front === "" ? [] : front.split(":");
  const left = 8 - groups.length - (back === "" ? 0 : back.split(":").length);
  if (host.includes("::")) {
    groups.push(...Array<string>(Math.max(0, left)).fill("0"), ...back.split(":"));
  }
  const key = groups.slice(0, NETWORK_GROUPS).reduce(
    (sum, group) => (sum << 16n) | BigInt(parseInt(group, 16) || 0),
    0n,
  );
  return key === 0n ? UNKNOWN_KEY : key;
}
