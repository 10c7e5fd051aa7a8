/**
 * The list that `network` may be: what workers may reach besides the addresses of the file, so that a reload can name
 * other servers without a new worker.
 *
 * @module
 */
import { formatHost } from "../endpoint.ts";
import {
  faulty,
  isIpv4,
  isIpv6,
  type Parsed,
  parsed,
  parseHost,
  parsePort,
} from "./socket_address.ts";

/** Most entries of a list. */
export const NETWORK_ENTRIES_LIMIT = 1024;

/** Reads one entry: a subnet `10.0.0.0/8`, a host on every port, or `host:port`. The result is how Deno writes it. */
export function parseNetworkEntry(text: string): Parsed<string> {
  if (/\s/.test(text)) return faulty("it contains a space");
  if (text.includes("/")) return parseSubnet(text);
  const colon = text.endsWith("]") ? -1 : text.lastIndexOf(":");
  const host = parseHost(colon < 0 ? text : text.slice(0, colon));
  if (host.fault !== null) return host;
  if (colon < 0) return parsed(formatHost(host.value));
  const port = parsePort(text.slice(colon + 1));
  return port.fault !== null ? port : parsed(`${formatHost(host.value)}:${port.value}`);
}

/** Whether an entry is a subnet. */
export function isSubnet(entry: string): boolean {
  return entry.includes("/");
}

/** Whether an entry allows to reach `address`, a `host:port`. Names are not looked up: each is itself. */
export function allowsAddress(entry: string, address: string): boolean {
  if (entry === address) return true;
  const host = address.slice(0, address.lastIndexOf(":"));
  if (!isSubnet(entry)) return entry === host;
  const [network, prefix] = entry.split("/");
  if (!isIpv4(host)) return false;
  const mask = maskOf(Number(prefix));
  return (numberOf(host) & mask) === (numberOf(network!) & mask);
}

function parseSubnet(text: string): Parsed<string> {
  const [address, prefixText, ...more] = text.split("/");
  if (isIpv6(address!.replace(/^\[|\]$/g, ""))) {
    return faulty("subnets of IPv6 are not known to Deno's permissions: name hosts instead");
  }
  if (!isIpv4(address!)) return faulty("what is before the / is not an IPv4 address");
  const prefix = /^\d{1,2}$/.test(prefixText!) && more.length === 0 ? Number(prefixText) : 33;
  if (prefix > 32) return faulty("what is behind the / is not from 0 to 32");
  const network = numberOf(address!) & maskOf(prefix);
  if (network !== numberOf(address!)) {
    const first = [24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join(".");
    return faulty(`the address has bits behind its ${prefix}: ${first}/${prefix} is that subnet`);
  }
  return parsed(`${address}/${prefix}`);
}

/** The bits of an IPv4 address, as the 32 bits of a signed integer. */
function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0);
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : -1 << (32 - prefix);
}
