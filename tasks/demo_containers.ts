/**
 * The servers of the demo in containers, for machines that have a container engine and not the servers.
 *
 * All that speak Redis run in one container, and all memcached in another: within a container the nodes of a
 * Redis Cluster find each other at 127.0.0.1, where the proxy outside has them as well.
 *
 * @module
 */
import { RespClient } from "../tests/support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../tests/support/servers/server_process.ts";
import type { DemoPlan } from "./demo_plan.ts";
import { findCommand } from "./servers.ts";

/** How long servers in a container may take to serve, in milliseconds. */
const START_DEADLINE_MS = 60_000;

/** One container with several servers. */
export interface Container {
  readonly name: string;
  readonly image: string;
  /** Published at 127.0.0.1. */
  readonly ports: readonly number[];
  /** What its shell runs. It ends, with all servers, at SIGTERM. */
  readonly script: string;
  /** Ports of the nodes of Redis Clusters, which serve later than they answer. */
  readonly clusterPorts: readonly number[];
}

const REDIS_IMAGE = "redis:7.4-alpine";
const MEMCACHED_IMAGE = "memcached:1.6-alpine";

/** Containers that serve what `plan` says. */
export function planContainers(plan: DemoPlan): Container[] {
  const redis = plan.redis.map(({ port }) => port);
  const nodes = plan.redisClusters.flat();
  const memcached = plan.memcached.map(({ port }) => port);
  const containers: Container[] = [
    {
      name: "aster-demo-redis",
      image: REDIS_IMAGE,
      ports: [...redis, ...nodes],
      script: redisScript(redis, plan.redisClusters),
      clusterPorts: nodes,
    },
    {
      name: "aster-demo-memcached",
      image: MEMCACHED_IMAGE,
      ports: memcached,
      script: scriptOf(memcached.map((port) => `memcached -l 0.0.0.0 -p ${port} -U 0 -u nobody &`)),
      clusterPorts: [],
    },
  ];
  return containers.filter(({ ports }) => ports.length > 0);
}

function redisScript(ports: readonly number[], clusters: readonly (readonly number[])[]): string {
  const nodes = clusters.flat();
  const common = '--bind 0.0.0.0 --protected-mode no --save "" --appendonly no';
  const node = "--cluster-enabled yes --cluster-announce-ip 127.0.0.1";
  return scriptOf([
    "folder=$(mktemp -d)",
    'cd "$folder"',
    ...ports.map((port) => `redis-server --port ${port} ${common} &`),
    ...nodes.map((port) =>
      `redis-server --port ${port} ${common} ${node} --cluster-config-file nodes-${port}.conf &`
    ),
    ...nodes.map((port) => `until redis-cli -p ${port} ping; do sleep 0.1; done`),
    ...clusters.map((members) => {
      const addresses = members.map((port) => `127.0.0.1:${port}`).join(" ");
      return `redis-cli --cluster create ${addresses} --cluster-replicas 1 --cluster-yes`;
    }),
  ]);
}

/** A script that ends what it has started, each line with `&`, when it is told to end. */
function scriptOf(lines: readonly string[]): string {
  const started = lines.map((line) => line.endsWith("&") ? `${line} pids="$pids $!"` : line);
  return ["pids=", "trap 'kill $pids; exit' TERM INT", ...started, "wait", ""].join("\n");
}

/** The words behind `docker` that run a container in the foreground, until SIGTERM. */
export function containerWords({ name, image, ports, script }: Container): string[] {
  return [
    ...["run", "--rm", "--init", "--name", name],
    ...ports.flatMap((port) => ["--publish", `127.0.0.1:${port}:${port}`]),
    ...["--entrypoint", "sh", image, "-c", script],
  ];
}

/** The container engine whose daemon answers, or null. */
export async function findContainerEngine(): Promise<string | null> {
  for (const program of ["docker", "podman"].filter((name) => findCommand(name) !== null)) {
    const { success } = await new Deno.Command(program, {
      args: ["info"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    if (success) return program;
  }
  return null;
}

/** Downloads the images that are not there yet; the engine shows how far it is, and how much it is. */
export async function pullImages(
  engine: string,
  containers: readonly Container[],
): Promise<boolean> {
  for (const { image } of containers) {
    const inspected = new Deno.Command(engine, {
      args: ["image", "inspect", image],
      stdout: "null",
      stderr: "null",
    });
    if ((await inspected.output()).success) continue;
    console.log(`Downloading the image ${image}, some 10 to 20 MB …`);
    const { success } = await new Deno.Command(engine, { args: ["pull", image] }).spawn().status;
    if (!success) return false;
  }
  return true;
}

/** Removes what a demo that was killed, or ended as it began, may have left. */
export async function removeContainers(
  engine: string,
  containers: readonly Container[],
): Promise<void> {
  await new Deno.Command(engine, {
    args: ["rm", "--force", ...containers.map(({ name }) => name)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

/** Runs a container, and ends it with what it serves when it is disposed of. */
export async function startContainer(
  engine: string,
  container: Container,
): Promise<AsyncDisposable> {
  const process = await ServerProcess.start({
    name: `${engine} ${container.name}`,
    command: engine,
    arguments: containerWords(container),
    isServing: () => isServing(container),
    startDeadlineMs: START_DEADLINE_MS,
  }, await makeServerDirectory());
  return {
    async [Symbol.asyncDispose]() {
      // The engine hands SIGTERM on to the container; one that is gone already is fine.
      await process.stop();
      await process[Symbol.asyncDispose]();
    },
  };
}

async function isServing({ ports, clusterPorts }: Container): Promise<boolean> {
  for (const port of ports) (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  for (const port of clusterPorts) {
    using client = await RespClient.connect({ hostname: "127.0.0.1", port });
    const info = String(await client.call("CLUSTER", "INFO"));
    if (!info.includes("cluster_state:ok")) return false;
  }
  return true;
}
