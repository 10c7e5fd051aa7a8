/**
 * `deno task demo`: real servers behind every address of default.toml, the proxy in front of them, and the
 * end of all of it on Ctrl-C. `--yes` allows to install what is missing; with `--docker` the servers run in
 * containers, where there is somebody to run them.
 *
 * @module
 */
import { portOf } from "../src/endpoint.ts";
import { parseConfig } from "../mod.ts";
import { isFree } from "../tests/support/tools/free_port.ts";
import { startMemcachedServer } from "../tests/support/servers/memcached_server.ts";
import { until } from "../tests/support/tools/poll.ts";
import { startRedisCluster } from "../tests/support/servers/redis_cluster.ts";
import { startRedisServer } from "../tests/support/servers/redis_server.ts";
import { detachServers, endAllServers } from "../tests/support/servers/server_process.ts";
import { watchAncestors } from "./ancestors.ts";
import {
  findContainerEngine,
  planContainers,
  pullImages,
  removeContainers,
  startContainer,
} from "./demo_containers.ts";
import { type DemoPlan, describeTries, planDemo, plannedPorts } from "./demo_plan.ts";
import { ensureServers, findCommand, ServersMissing } from "./servers.ts";

const CONFIG_FILE = "default.toml";
/** How long the proxy may take to serve, in milliseconds; its code is checked and compiled first. */
const START_DEADLINE_MS = 60_000;
/** How long the proxy may take to end, in milliseconds, before it is killed. */
const STOP_DEADLINE_MS = 5_000;

/** The demo cannot run, for a reason that a person can understand. */
class DemoError extends Error {
  override name = "DemoError";
}

async function main(words: string[]): Promise<number> {
  Deno.chdir(new URL("../", import.meta.url));
  const config = parseConfig(await Deno.readTextFile(CONFIG_FILE));
  const plan = planDemo(config);
  const engine = words.includes("--docker") ? await findEngine(plan) : null;
  if (engine === null) await findServers(plan, words.includes("--yes"));
  const taken = [...plannedPorts(plan), ...plan.proxy].filter((port) => !isFree(port));
  if (taken.length > 0) {
    throw new DemoError(
      `In use already: port ${taken.join(", ")}. Does another demo run, or the proxy alone? ` +
        `What ${CONFIG_FILE} names cannot be started.`,
    );
  }

  // Everything ends in one order, the proxy first: so Ctrl-C must reach this process alone.
  detachServers();
  const stop = listenForStop();
  await using servers = new AsyncDisposableStack();
  if (engine !== null) servers.defer(() => removeContainers(engine, planContainers(plan)));
  console.log(
    `Starting ${plannedPorts(plan).length} servers; a Redis Cluster takes some seconds …`,
  );
  await startServers(engine, plan, servers, stop);
  if (stop.aborted) return 0;
  console.log("Starting the proxy …");
  const tries = describeTries(config, plan, (name) => findCommand(name) !== null);
  return await runProxy(config.clusters.map(({ listen }) => portOf(listen)), tries, stop);
}

/** What runs containers here, with the images that it needs; null, and a word of it, where nothing does. */
async function findEngine(plan: DemoPlan): Promise<string | null> {
  const engine = await findContainerEngine();
  if (engine === null) {
    console.log("Neither docker nor podman answers here: the servers of this machine it is.");
    return null;
  }
  const containers = planContainers(plan);
  if (!await pullImages(engine, containers)) {
    throw new DemoError("The images cannot be downloaded. Without --docker the demo needs none.");
  }
  await removeContainers(engine, containers);
  return engine;
}

/** Goes without what neither is there nor may be installed, as long as there is something to show. */
async function findServers(plan: DemoPlan, isAllowed: boolean): Promise<void> {
  try {
    await ensureServers(["redis-server", "memcached"], { purpose: "The demo", isAllowed });
  } catch (error) {
    if (!(error instanceof ServersMissing)) throw error;
    const [hasRedis, hasMemcached] = ["redis-server", "memcached"].map(findCommand);
    if (hasRedis === null && hasMemcached === null) throw error;
    console.error(`${error.message}\nThe demo goes on without.`);
    if (hasMemcached === null) plan.memcached = [];
    if (hasRedis === null) [plan.redis, plan.redisClusters] = [[], []];
  }
}

/** Aborted by the signals that end a program, and when the command that started this one is gone. */
function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, stop);
  }
  watchAncestors(stop);
  return controller.signal;
}

/**
 * Starts everything at once. What has started by the time that something fails, or that the end is asked for,
 * is in `servers` as well.
 */
async function startServers(
  engine: string | null,
  plan: DemoPlan,
  servers: AsyncDisposableStack,
  stop: AbortSignal,
): Promise<void> {
  stop.addEventListener("abort", endAllServers);
  const starts: Promise<AsyncDisposable>[] = engine !== null
    ? planContainers(plan).map(
      (container) =>
        said(
          `${container.image} on ports ${container.ports.join(", ")}`,
          startContainer(engine, container),
        ),
    )
    : [
      ...plan.redis.map((server) =>
        said(`redis-server on port ${server.port}`, startRedisServer(server))
      ),
      ...plan.memcached.map((server) =>
        said(`memcached on port ${server.port}`, startMemcachedServer(server))
      ),
      ...plan.redisClusters.map((ports) =>
        said(`Redis Cluster on ports ${ports[0]} to ${ports.at(-1)}`, startRedisCluster({ ports }))
      ),
    ];
  const settled = await Promise.allSettled(starts);
  stop.removeEventListener("abort", endAllServers);
  for (const start of settled) {
    if (start.status === "fulfilled") servers.use(start.value);
  }
  const failed = settled.find((start) => start.status === "rejected");
  if (failed !== undefined && !stop.aborted) throw new DemoError(String(failed.reason));
}

async function said<Server>(what: string, start: Promise<Server>): Promise<Server> {
  const server = await start;
  console.log(`  started: ${what}`);
  return server;
}

/** Runs the proxy until it ends or the end is asked for, and returns the exit code. */
async function runProxy(
  ports: readonly number[],
  tries: readonly string[],
  stop: AbortSignal,
): Promise<number> {
  const proxy = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", CONFIG_FILE],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    detached: true,
  }).spawn();
  let hasEnded = false;
  const ended = proxy.status.finally(() => hasEnded = true);
  stop.addEventListener("abort", () => endProxy(proxy, ended));
  await until(async () => hasEnded || await areServed(ports), {
    what: "the proxy serves",
    deadlineMs: START_DEADLINE_MS,
    intervalMs: 50,
  }).catch((error) => console.error(String(error)));
  if (!hasEnded && !stop.aborted) {
    console.log(
      ["", "Try in another terminal:", ...tries, "", "Ctrl-C stops everything.", ""].join("\n"),
    );
  }
  const { code } = await ended;
  return stop.aborted ? 0 : Math.max(code, 1);
}

async function endProxy(proxy: Deno.ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalProxy(proxy, "SIGTERM");
  const timer = setTimeout(() => signalProxy(proxy, "SIGKILL"), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}

/** A proxy that has ended already needs no signal. */
function signalProxy(proxy: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    proxy.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function areServed(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch {
      return false;
    }
  }
  return true;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof DemoError || error instanceof ServersMissing)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
