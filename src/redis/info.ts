/**
 * INFO about the proxy, with the lines that client libraries wait for: they look for `loading:0`, and take the
 * mode from `redis_mode` and `cluster_enabled`.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import type { LocalRequest } from "./local_request.ts";
import { textReply } from "./reply_builder.ts";

/** What INFO says of the cluster. */
export interface InfoSource {
  readonly cluster: string;
  readonly port: number;
  /** Milliseconds since this worker started the cluster. */
  uptimeMs(): number;
  /** Clients of this worker. */
  clientsConnected(): number;
  /** Those of them that wait in a blocking command. */
  clientsBlocked(): number;
  clientsAccepted(): number;
  requests(): number;
  errorReplies(): number;
  /** Backends this worker knows. */
  backendCount(): number;
}

type Section = (source: InfoSource, redisVersion: string) => [string, string | number][];

const sections: Record<string, Section> = {
  server: (source, redisVersion) => [
    ["redis_version", redisVersion],
    ["redis_mode", "standalone"],
    ["aster_version", VERSION],
    ["arch_bits", 64],
    ["tcp_port", source.port],
    ["uptime_in_seconds", Math.floor(source.uptimeMs() / 1000)],
    ["uptime_in_days", Math.floor(source.uptimeMs() / 86_400_000)],
  ],
  clients: (source) => [
    ["connected_clients", source.clientsConnected()],
    ["blocked_clients", source.clientsBlocked()],
  ],
  persistence: () => [["loading", 0], ["async_loading", 0]],
  stats: (source) => [
    ["total_connections_received", source.clientsAccepted()],
    ["total_commands_processed", source.requests()],
    ["total_error_replies", source.errorReplies()],
  ],
  replication: () => [["role", "master"], ["connected_slaves", 0]],
  cluster: () => [["cluster_enabled", 0]],
  proxy: (source) => [
    ["proxy_cluster", source.cluster],
    ["proxy_backends", source.backendCount()],
  ],
};

/** Answers INFO [section …]. */
export function infoAnswer(
  { client, words }: LocalRequest,
  source: InfoSource,
  redisVersion: string,
): Uint8Array {
  const wanted = words.slice(1).map((word) => word.toLowerCase());
  const hasAll = wanted.length === 0 ||
    wanted.some((word) => word === "all" || word === "default" || word === "everything");
  const texts: string[] = [];
  for (const [name, section] of Object.entries(sections)) {
    if (!hasAll && !wanted.includes(name)) continue;
    const title = name[0]!.toUpperCase() + name.slice(1);
    const lines = section(source, redisVersion).map(([key, value]) => `${key}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join("")}`);
  }
  return textReply(texts.join("\r\n"), client.profiles.master.version);
}
