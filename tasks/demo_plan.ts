/**
 * What the demo starts and prints for a configuration.
 *
 * @module
 */
import type { ClusterConfig, Config, ServerConfig } from "../mod.ts";
import { type Endpoint, portOf, type TcpEndpoint } from "../src/endpoint.ts";

/** Nodes of the demo's Redis Cluster: three masters, each with a replica. */
const CLUSTER_NODE_COUNT = 6;

/** Clusters of which something to try is shown. */
const TRIES_MAX = 3;
/** Lines that show that keys of many servers are those of one. */
const REDIS_REQUESTS = ["mset apple red banana yellow plum blue", "mget apple banana plum"];
const MEMCACHE_REQUESTS = ["set greeting 0 0 5", "hello", "get greeting", "quit"];

/** All servers to start. */
export interface DemoPlan {
  redis: TcpEndpoint[];
  memcached: TcpEndpoint[];
  /** Ports of each Redis Cluster's nodes, masters first. */
  redisClusters: number[][];
  /** Ports of the proxy itself, that of the admin server included. */
  proxy: number[];
}

/** Finds out which servers stand behind the clusters of a configuration; a server named twice is one. */
export function planDemo(config: Config): DemoPlan {
  const ofType = (type: ClusterConfig["type"]) =>
    config.clusters.filter((cluster) => cluster.type === type);
  return {
    redis: distinct(ofType("redis").flatMap((cluster) => cluster.servers)),
    memcached: distinct(ofType("memcache").flatMap((cluster) => cluster.servers)),
    redisClusters: ofType("redis_cluster").map((cluster) => nodePorts(cluster.servers)),
    proxy: proxyPorts(config),
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

/**
 * What a person can try: a command for each of the first clusters that have servers, and where to look.
 *
 * @param hasProgram Whether the machine has a program: the commands use no others.
 */
export function describeTries(
  config: Config,
  plan: DemoPlan,
  hasProgram: (name: string) => boolean,
): string[] {
  const servers: Record<ClusterConfig["type"], unknown[]> = {
    redis: plan.redis,
    redis_cluster: plan.redisClusters,
    memcache: plan.memcached,
  };
  const shown = config.clusters.filter(({ type }) => servers[type].length > 0).slice(0, TRIES_MAX);
  const lines = shown.flatMap(({ name, type, listen }) => [
    `# ${name} (${type})`,
    type === "memcache"
      ? rawTry(listen, MEMCACHE_REQUESTS, hasProgram)
      : redisTry(listen, hasProgram),
  ]);
  const { metrics } = config.runtime;
  if (metrics !== null) {
    lines.push("# what it does, in a browser");
    lines.push(`http://${reachable(metrics.hostname)}:${metrics.port}/`);
  }
  return lines;
}

function redisTry(listen: Endpoint, hasProgram: (name: string) => boolean): string {
  if (!hasProgram("redis-cli")) return rawTry(listen, [...REDIS_REQUESTS, "quit"], hasProgram);
  const lines = REDIS_REQUESTS.map((request) => `${request}\\n`).join("");
  return `printf '${lines}' | redis-cli ${redisCliTarget(listen)}`;
}

/** The lines of `requests`, sent by whatever program the machine has. */
function rawTry(
  listen: Endpoint,
  requests: readonly string[],
  hasProgram: (name: string) => boolean,
): string {
  const text = requests.map((request) => `${request}\\r\\n`).join("");
  if (listen.kind === "unix") {
    return hasProgram("nc")
      ? `printf '${text}' | nc -U ${listen.path}`
      : nodeTry(`'${listen.path}'`, text, hasProgram);
  }
  const { port } = listen;
  const hostname = reachable(listen.hostname);
  if (hasProgram("nc")) return `printf '${text}' | nc ${hostname} ${port}`;
  if (hasProgram("bash")) {
    return `bash -c "exec 3<>/dev/tcp/${hostname}/${port}; printf '${text}' >&3; cat <&3"`;
  }
  return nodeTry(`${port}, '${hostname}'`, text, hasProgram);
}

/** Who came by npx has Node; whoever has nothing at all is told the address. */
function nodeTry(target: string, text: string, hasProgram: (name: string) => boolean): string {
  if (!hasProgram("node")) return `any client, at ${target.replaceAll("'", "")}`;
  const connect = `require('net').connect(${target})`;
  return `node -e "const s = ${connect}; s.pipe(process.stdout); s.write('${text}')"`;
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
