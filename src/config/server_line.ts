/**
 * Reads one entry of `servers`: `host:port[:weight] [alias]` or `unix:/path[:weight] [alias]` for a ring, `host:port`
 * for a seed node of a Redis Cluster.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { ServerConfig } from "./config.ts";
import {
  faulty,
  meansUnixSocket,
  type Parsed,
  parsed,
  parseSocketAddress,
  parseUnixPath,
} from "./socket_address.ts";

/** Highest weight of one server. */
export const SERVER_WEIGHT_MAXIMUM = 65_535;

/** Longest alias, in bytes of UTF-8. */
export const ALIAS_BYTES_LIMIT = 255;

/** Reads `host:port[:weight] [alias]` or `unix:/path[:weight] [alias]`; a fault completes the sentence "expected …:". */
export function parseServerLine(line: string): Parsed<ServerConfig> {
  const words = line.trim().split(/\s+/);
  if (words.length > 2) return faulty("an alias is a single word");
  const isUnix = meansUnixSocket(words[0]!);
  const bare = isUnix ? parsed(words[0]!) : withoutScheme(words[0]!);
  if (bare.fault !== null) return bare;
  const { address, weight } = isUnix ? splitPathWeight(bare.value) : splitWeight(bare.value);
  const target: Parsed<Endpoint> = isUnix ? parseUnixPath(address) : parseSocketAddress(address);
  if (target.fault !== null) return target;
  if (weight !== null && !isWeight(weight)) {
    return faulty(`the weight is not from 1 to ${SERVER_WEIGHT_MAXIMUM}`);
  }
  const alias = words[1] ?? null;
  if (alias !== null) {
    const fault = aliasFault(alias);
    if (fault !== null) return faulty(fault);
  }
  return parsed({
    endpoint: target.value,
    weight: weight === null ? 1 : Number(weight),
    alias,
    address: formatEndpoint(target.value),
  });
}

/** Reads `host:port` and explains why a seed has neither weight nor alias. */
export function parseSeedLine(line: string): Parsed<ServerConfig> {
  if (meansUnixSocket(line.trim())) {
    return faulty(
      "the nodes of a Redis Cluster are reached by TCP alone: a seed is no unix socket",
    );
  }
  const server = parseServerLine(line);
  if (server.fault !== null) return server;
  const words = line.trim().split(/\s+/);
  if (words.length > 1) {
    return faulty("a seed has no alias: Redis Cluster itself says which node serves a key");
  }
  if (splitWeight(withoutScheme(words[0]!).value ?? "").weight !== null) {
    return faulty("a seed has no weight: Redis Cluster itself says which node serves a key");
  }
  return server;
}

/** Schemes of URLs that say no more than host and port do. */
const PLAIN_SCHEMES = ["redis", "valkey", "tcp", "memcached", "memcache"];
/** Schemes of URLs that ask for TLS. */
const TLS_SCHEMES = ["rediss", "valkeys", "tls", "ssl", "memcacheds"];

/**
 * Takes the scheme off a URL such as `redis://host:6379`, as other programs' files name servers. Whatever a URL says
 * beyond host and port is refused, for it would be lost.
 */
function withoutScheme(word: string): Parsed<string> {
  const url = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(word);
  if (url === null) return parsed(word);
  const scheme = url[1]!.toLowerCase();
  if (TLS_SCHEMES.includes(scheme)) {
    return faulty('the URL asks for TLS: name the server as "host:port", and write backend_tls');
  }
  if (!PLAIN_SCHEMES.includes(scheme)) return faulty('the URL is none that begins with "redis://"');
  // Database 0 is where clients are without SELECT.
  const rest = url[2]!.replace(/\/0?$/, "");
  if (rest.includes("@")) {
    return faulty("the URL has a user or a password: they belong into backend_auth");
  }
  if (rest.includes("/")) return faulty("the URL has a database: clients choose one by SELECT");
  if (/[?#]/.test(rest)) return faulty("the URL has options: leave host and port");
  return parsed(rest);
}

function splitWeight(word: string): { address: string; weight: string | null } {
  const afterHost = word.startsWith("[") ? word.indexOf("]") + 1 : 0;
  const rest = word.slice(afterHost);
  const firstColon = rest.indexOf(":");
  const lastColon = rest.lastIndexOf(":");
  const isIpv6WithoutBrackets = afterHost === 0 && rest.split(":").length > 3;
  if (firstColon === lastColon || isIpv6WithoutBrackets) return { address: word, weight: null };
  return {
    address: word.slice(0, afterHost + lastColon),
    weight: rest.slice(lastColon + 1),
  };
}

/** Behind a path only a weight may follow a colon; whoever has a path with a colon in its last part gives a weight. */
function splitPathWeight(word: string): { address: string; weight: string | null } {
  const colon = word.indexOf(":", word.lastIndexOf("/"));
  if (colon < 0) return { address: word, weight: null };
  const last = word.lastIndexOf(":");
  return { address: word.slice(0, last), weight: word.slice(last + 1) };
}

function isWeight(text: string): boolean {
  if (!/^\d{1,5}$/.test(text)) return false;
  return Number(text) >= 1 && Number(text) <= SERVER_WEIGHT_MAXIMUM;
}

function aliasFault(alias: string): string | null {
  if (new TextEncoder().encode(alias).length > ALIAS_BYTES_LIMIT) {
    return `the alias is longer than ${ALIAS_BYTES_LIMIT} bytes`;
  }
  // deno-lint-ignore no-control-regex
  return /[\u0000-\u001f\u007f]/.test(alias) ? "the alias contains a control character" : null;
}
