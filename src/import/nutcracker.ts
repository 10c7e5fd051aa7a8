/**
 * twemproxy's configuration (`nutcracker.yml`) as this program's. Keys stay on their servers: hashes, distributions,
 * weights, names and hash tags mean the same here.
 *
 * @module
 */
import { parseYaml } from "../../deps.ts";
import { Imported, type ImportedTable, timeoutMs } from "./imported.ts";

/** What twemproxy takes for a setting that is left out. */
const twemproxyDefaults = {
  serverFailureLimit: 2,
  serverRetryTimeoutMs: 30_000,
} as const;

/** A pool while it is read: what is left in `settings` has not been looked at yet. */
interface Pool {
  readonly name: string;
  readonly settings: Map<string, unknown>;
  readonly result: Imported;
}

/**
 * Reads the text of such a file.
 *
 * @throws {TypeError} If it is no YAML, or not pools by name.
 */
export function importNutcracker(text: string): Imported {
  const result = new Imported();
  const pools = parse(text);
  for (const [name, settings] of Object.entries(pools)) {
    if (!isTable(settings)) throw new TypeError(`pool "${name}": expected settings, not a value`);
    const pool = { name, settings: new Map(Object.entries(settings)), result };
    result.clusters.push(importPool(pool));
    for (const left of pool.settings.keys()) {
      result.note(`${name}.${left}`, "twemproxy 0.5 has no such setting; left out");
    }
  }
  return result;
}

function parse(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw new TypeError(error instanceof Error ? error.message : String(error));
  }
  if (!isTable(document)) throw new TypeError("expected pools by name, as in nutcracker.yml");
  return document;
}

function importPool(pool: Pool): ImportedTable {
  const cluster: ImportedTable = {
    name: pool.name,
    ...listenAddress(pool),
    cache_type: flag(pool, "redis") ? "redis" : "memcache",
    servers: serverLines(pool),
  };
  copyText(pool, "hash", cluster);
  copyText(pool, "hash_tag", cluster);
  copyText(pool, "distribution", cluster);
  importTimeout(pool, cluster);
  importEjection(pool, cluster);
  const connections = number(pool, "server_connections");
  if (connections !== null && connections > 1) cluster.node_connections = connections;
  importPassword(pool, cluster);
  noteRest(pool);
  return cluster;
}

function listenAddress(pool: Pool): ImportedTable {
  const listen = text(pool, "listen") ?? "";
  const [address, mode] = listen.split(/\s+/);
  if (!address!.startsWith("/")) return { listen_addr: listen };
  const listen_addr = `unix:${address}`;
  if (mode === undefined) return { listen_addr };
  if (/^0?[0-7]{3}$/.test(mode)) return { listen_addr, unix_mode: mode };
  note(pool, "listen", `the mode ${mode} is not taken over: it is none of three octal digits`);
  return { listen_addr };
}

function serverLines(pool: Pool): string[] {
  const servers = take(pool, "servers");
  if (!Array.isArray(servers)) return [];
  const lines = servers.map((line) => String(line).trim());
  const areNamed = lines.some((line) => /\s/.test(line));
  return lines.map((line) => {
    const named = areNamed && !/\s/.test(line) ? `${line} ${labelOf(line)}` : line;
    return named.startsWith("/") ? `unix:${named}` : named;
  });
}

/**
 * What stands for a server without a name in twemproxy's ring: its address, without memcached's own port. Here either
 * all servers of a pool have names or none.
 */
function labelOf(line: string): string {
  const address = line.replace(/:\d+$/, "");
  return address.startsWith("/") ? `${address}:` : address.replace(/:11211$/, "");
}

/** One timeout is all that twemproxy has: for connecting and for replies; without it it waits for ever. */
function importTimeout(pool: Pool, cluster: ImportedTable): void {
  const timeout = number(pool, "timeout");
  if (timeout === null || timeout < 0) {
    note(
      pool,
      "timeout",
      "none: twemproxy waits for ever, here read_timeout is 1000 ms unless set",
    );
    return;
  }
  cluster.read_timeout = timeoutMs(timeout);
  cluster.write_timeout = timeoutMs(timeout);
  cluster.dial_timeout = timeoutMs(timeout);
}

function importEjection(pool: Pool, cluster: ImportedTable): void {
  const limit = number(pool, "server_failure_limit") ?? twemproxyDefaults.serverFailureLimit;
  const retryMs = number(pool, "server_retry_timeout") ?? twemproxyDefaults.serverRetryTimeoutMs;
  if (!flag(pool, "auto_eject_hosts")) return;
  cluster.ping_fail_limit = Math.min(Math.max(limit, 1), 255);
  cluster.ping_interval = Math.max(retryMs, 10);
  note(
    pool,
    "auto_eject_hosts",
    "servers are pinged: they are ejected by failures in a row, and come back when they answer a ping",
  );
}

/** twemproxy asks clients for the password that it shows to the servers. */
function importPassword(pool: Pool, cluster: ImportedTable): void {
  const password = text(pool, "redis_auth");
  if (password === null) return;
  cluster.password = password;
  cluster.backend_password = password;
  note(pool, "redis_auth", "password is what clients give, backend_password what servers want");
}

function noteRest(pool: Pool): void {
  const database = number(pool, "redis_db");
  if (database !== null && database !== 0) {
    note(pool, "redis_db", `clients choose a database themselves: let them SELECT ${database}`);
  }
  const told: readonly (readonly [string, string])[] = [
    ["client_connections", "twemproxy does not heed it; max_clients would"],
    ["backlog", "the system's (net.core.somaxconn)"],
    ["preconnect", "a server is connected to when a request first needs it"],
    ["tcpkeepalive", "connections are watched by requests and pings"],
    ["reuseport", "listeners always share their port (Linux)"],
  ];
  for (const [key, why] of told) {
    const value = take(pool, key);
    if (value !== undefined && value !== false) note(pool, key, `left out: ${why}`);
  }
}

function note({ name, result }: Pool, key: string, text: string): void {
  result.note(`${name}.${key}`, text);
}

function take({ settings }: Pool, key: string): unknown {
  const value = settings.get(key);
  settings.delete(key);
  return value ?? undefined;
}

function text(pool: Pool, key: string): string | null {
  const value = take(pool, key);
  return value === undefined ? null : String(value);
}

function copyText(pool: Pool, key: string, cluster: ImportedTable): void {
  const value = text(pool, key);
  if (value !== null) cluster[key] = value;
}

function number(pool: Pool, key: string): number | null {
  const value = take(pool, key);
  if (value === undefined) return null;
  const read = Number(value);
  if (Number.isFinite(read)) return read;
  note(pool, key, `left out: ${JSON.stringify(value)} is no number`);
  return null;
}

/** YAML 1.1, which twemproxy reads, has more words for true than YAML 1.2. */
function flag(pool: Pool, key: string): boolean {
  return /^(true|yes|on|y)$/i.test(String(take(pool, key) ?? false));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
