/**
 * What the demo starts and prints for a configuration.
 *
 * @module
 */
import type { ClusterConfig, Config, ServerConfig } from "../mod.ts";
import { type Endpoint, portOf, type TcpEndpoint } from "../src/endpoint.ts";

/** Nodes of the demo's Redis Cluster: three masters, each with a replica. */
const CLUSTER_NODE_COUNT = 6;

/** All servers to start. */
export interface DemoPlan {
  redis: TcpEndpoint[];
  memcached: TcpEndpoint[];
  /** Ports of each Redis Cluster's nodes, masters first. */
  redisClusters: number[][];
  /** Ports of the proxy itself, that of the admin server included. */
  proxy: number[];
  /** Lines that a person can try. */
  tries: string[];
}

/**
 * Finds out which servers stand behind the clusters of a configuration; a server named twice is one.
 *
 * @param hasProgram Whether the machine has a program: what is to be tried uses no others.
 */
export function planDemo(config: Config, hasProgram: (name: string) => boolean): DemoPlan {
  const ofType = (type: ClusterConfig["type"]) =>
    config.clusters.filter((cluster) => cluster.type === type);
  return {
    redis: distinct(ofType("redis").flatMap((cluster) => cluster.servers)),
    memcached: distinct(ofType("memcache").flatMap((cluster) => cluster.servers)),
    redisClusters: ofType("redis_cluster").map((cluster) => nodePorts(cluster.servers)),
    proxy: proxyPorts(config),
    tries: describeTries(config, hasProgram),
  };
}

function proxyPorts({ clusters, runtime: { metrics } }: Config): number[] {
  const ports = clusters.flatMap(({ listen }) => listen.kind === "tcp" ? [listen.port] : []);
  return metrics === null ? ports : [...ports, metrics.port];
}

/** Every port of a plan's servers. */
export function plannedPorts(plan: DemoPlan): number[] {
  return [
    ...plan.redis.map((server) => server.port),
    ...plan.memcached.map((server) => server.port),
    ...plan.redisClusters.flat(),
  ];
}

function distinct(servers: readonly ServerConfig[]): TcpEndpoint[] {
  const byAddress = new Map(servers.map((server) => [server.address, server]));
  return [...byAddress.values()].flatMap(({ endpoint }) =>
    endpoint.kind === "tcp" ? [endpoint] : []
  );
}

/** The seeds' ports, and behind the highest of them as many more as a whole cluster needs. */
function nodePorts(seeds: readonly ServerConfig[]): number[] {
  const ports = [...new Set(seeds.map((seed) => portOf(seed.endpoint)))].sort((one, other) =>
    one - other
  );
  while (ports.length < CLUSTER_NODE_COUNT) ports.push(ports.at(-1)! + 1);
  return ports;
}

function describeTries(config: Config, hasProgram: (name: string) => boolean): string[] {
  const lines: string[] = [];
  for (const { name, type, listen } of config.clusters) {
    lines.push(`# ${name} (${type})`);
    if (type === "memcache") {
      lines.push(memcacheTry(listen, hasProgram("nc")));
    } else {
      const client = `redis-cli ${redisCliTarget(listen)}`;
      lines.push(`${client} mset apple red banana yellow plum blue`);
      lines.push(`${client} mget apple banana plum`);
    }
  }
  const { metrics } = config.runtime;
  if (metrics !== null) {
    lines.push("# what it does, in a browser");
    lines.push(`http://${reachable(metrics.hostname)}:${metrics.port}/`);
  }
  return lines;
}

function memcacheTry(listen: Endpoint, hasNetcat: boolean): string {
  const requests = "set greeting 0 0 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n";
  if (listen.kind === "unix") return `printf '${requests}' | nc -U ${listen.path}`;
  const { port } = listen;
  const hostname = reachable(listen.hostname);
  return hasNetcat
    ? `printf '${requests}' | nc ${hostname} ${port}`
    : `bash -c "exec 3<>/dev/tcp/${hostname}/${port}; printf '${requests}' >&3; cat <&3"`;
}

function redisCliTarget(listen: Endpoint): string {
  return listen.kind === "unix"
    ? `-s ${listen.path}`
    : `-h ${reachable(listen.hostname)} -p ${listen.port}`;
}

/** An address to connect to, for one to listen on. */
function reachable(hostname: string): string {
  return hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
}
