/**
 * Reads `host:port`, IPv6 in brackets, and `unix:/path`, and compares what listens there. Names are not looked up:
 * they resolve at each connect.
 *
 * @module
 */
import {
  type Endpoint,
  type TcpEndpoint,
  tcpEndpoint,
  UNIX_PATH_BYTES_MAX,
  unixBindPath,
  type UnixEndpoint,
  unixEndpoint,
} from "../endpoint.ts";
import { comparableIp, isLoopback, isWildcard } from "../net/ip_address.ts";

/** A value, or the reason why a text is none. */
export type Parsed<Value> = { value: Value; fault: null } | { value: null; fault: string };

const HOST_NAME_CHARACTERS_LIMIT = 253;
const HOST_LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
const IPV4 = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/;

/** A successful {@link Parsed}. */
export function parsed<Value>(value: Value): Parsed<Value> {
  return { value, fault: null };
}

/** A failed {@link Parsed}. */
export function faulty(fault: string): Parsed<never> {
  return { value: null, fault };
}

/** Reads `host:port`. The fault, if any, completes a sentence: "port 0 is not from 1 to 65535". */
export function parseSocketAddress(text: string): Parsed<TcpEndpoint> {
  if (/\s/.test(text)) return faulty("it contains a space");
  const colon = text.lastIndexOf(":");
  if (colon < 0 || text.endsWith("]")) return faulty("the port is missing");
  const host = parseHost(text.slice(0, colon));
  if (host.fault !== null) return host;
  const port = parsePort(text.slice(colon + 1));
  return port.fault !== null ? port : parsed(tcpEndpoint(host.value, port.value));
}

/** What the path of a unix socket may follow: nothing, `unix:`, or `unix://` as in URLs. */
const UNIX_PREFIX = /^(unix:(\/\/(?=\/)|(?!\/\/)))?(?=\/)/i;

/** Whether a text means a unix socket, be its path right or not: `unix:…` or a path. */
export function meansUnixSocket(text: string): boolean {
  return /^(unix:|\/)/i.test(text);
}

/** Reads `unix:/path` or `/path`. */
export function parseUnixPath(text: string): Parsed<UnixEndpoint> {
  const prefix = UNIX_PREFIX.exec(text);
  if (prefix === null) return faulty('a unix socket has an absolute path: "unix:/path"');
  const path = text.slice(prefix[0].length);
  // Deno's flags, in which paths are granted, are separated by commas.
  // deno-lint-ignore no-control-regex
  if (/[\s,\u0000-\u001f\u007f]/.test(path)) {
    return faulty("the path of a unix socket has no spaces, commas and control characters");
  }
  if (prefix[0].endsWith("//") && /[?#]/.test(path)) {
    return faulty("the URL has options: leave the path");
  }
  if (path.endsWith("/")) return faulty("the path is that of a directory");
  if (byteCount(path) <= UNIX_PATH_BYTES_MAX) return parsed(unixEndpoint(path));
  return faulty(`the path is longer than ${UNIX_PATH_BYTES_MAX} bytes`);
}

/** Reads where a cluster listens: `host:port`, or `unix:/path`. */
export function parseListenAddress(text: string): Parsed<Endpoint> {
  if (!meansUnixSocket(text)) return parseSocketAddress(text);
  if (/\s0?[0-7]{3}$/.test(text)) return faulty("the mode belongs into unix_mode");
  const socket = parseUnixPath(text);
  if (socket.fault !== null) return socket;
  // Its socket is made aside before it is put into its place.
  const longer = byteCount(unixBindPath(socket.value.path)) - byteCount(socket.value.path);
  if (byteCount(socket.value.path) + longer <= UNIX_PATH_BYTES_MAX) return socket;
  return faulty(`the path is longer than ${UNIX_PATH_BYTES_MAX - longer} bytes`);
}

function byteCount(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Reads a port, 1 to 65,535. */
export function parsePort(text: string): Parsed<number> {
  if (text === "") return faulty("the port is missing");
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? parsed(port) : faulty("the port is not from 1 to 65535");
}

/**
 * Reads a host name, an IPv4 address or an IPv6 address in brackets; the result has no brackets.
 */
export function parseHost(text: string): Parsed<string> {
  if (text === "") return faulty("the host is missing");
  if (text.includes("/")) return faulty("it is a path or a URL, not a host");
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) return faulty('the closing "]" of the IPv6 address is missing');
    const address = text.slice(1, -1);
    return isIpv6(address) ? parsed(address) : faulty("the brackets do not hold an IPv6 address");
  }
  if (text.includes(":")) return faulty("an IPv6 address is written in brackets: [::1]:6379");
  if (isIpv4(text)) return parsed(text);
  if (/^[\d.]+$/.test(text)) return faulty("the host is not an IPv4 address");
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  return text.length <= HOST_NAME_CHARACTERS_LIMIT &&
      labels.every((label) => HOST_LABEL.test(label))
    ? parsed(text)
    : faulty("the host is neither a host name nor an IP address");
}

/** Whether the text is an IPv4 address in four decimal parts. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** Whether the text is an IPv6 address, without brackets and without a zone. */
export function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}

/**
 * Whether both cannot be listened on at the same time, or not without one taking the other's
 * connections: the same host, or a wildcard that contains the other.
 */
export function overlap(one: Endpoint, other: Endpoint): boolean {
  if (one.kind === "unix" || other.kind === "unix") return isSameSocketFile(one, other);
  if (one.port !== other.port) return false;
  const hosts = [comparableHost(one.hostname), comparableHost(other.hostname)];
  // On Linux an IPv6 wildcard takes IPv4 connections as well.
  if (hosts[0] === hosts[1] || hosts.includes("::")) return true;
  return hosts.includes("0.0.0.0") && !hosts.some((host) => host!.includes(":"));
}

/** Whether connecting to `target` from this machine surely reaches a listener on `listen`. */
export function reaches(target: Endpoint, listen: Endpoint): boolean {
  if (target.kind === "unix" || listen.kind === "unix") return isSameSocketFile(target, listen);
  if (target.port !== listen.port) return false;
  const host = connectedHost(target.hostname);
  if (isLoopback(host) && isWildcard(listen.hostname)) {
    return overlap(tcpEndpoint(host, target.port), listen);
  }
  return host === comparableHost(listen.hostname);
}

/** Whether both are unix sockets of one path, however it is written; links are not followed. */
function isSameSocketFile(one: Endpoint, other: Endpoint): boolean {
  if (one.kind !== "unix" || other.kind !== "unix") return false;
  return comparablePath(one.path) === comparablePath(other.path);
}

function comparablePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** What a connection goes to: one to a wildcard goes to this machine. */
function connectedHost(hostname: string): string {
  const host = comparableHost(hostname);
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function comparableHost(hostname: string): string {
  if (isIpv6(hostname)) return comparableIp(hostname);
  const lowerCase = hostname.toLowerCase().replace(/\.$/, "");
  return lowerCase === "localhost" ? "127.0.0.1" : lowerCase;
}
