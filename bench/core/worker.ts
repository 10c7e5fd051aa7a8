/**
 * One worker of a checkout, on fake sockets: serves a number of requests each time it is told to, and says how much
 * CPU time that took. Started by `main.ts`.
 *
 * @module
 */
import type { Engine, Operation, Suite } from "../rows.ts";
import { FakeKernel } from "./fake_kernel.ts";
import { FakeSockets } from "./fake_sockets.ts";
import { BackendPeer, ClientPeer, Quota } from "./peers.ts";
import { type Traffic, trafficOf } from "./traffic.ts";

/** What a worker is told on its command line, as JSON. */
export interface WorkerTask {
  /** The checkout, ends in `/`. */
  directory: string;
  engine: Engine;
  suite: Suite;
  operation: Operation;
  pipeline: number;
  clients: number;
  /** Requests in one run. */
  requests: number;
  /** Further lines of the cluster's configuration. */
  settings?: string;
}

const CLOCK_PROCESS_CPUTIME_ID = 2;
const BACKENDS = 4;
const LIBC = "libc.so.6";

type OpenLibrary = (path: string, functions: Record<string, unknown>) => {
  symbols: Record<string, (...args: unknown[]) => unknown>;
};

/** CPU time of this process so far, nanoseconds. */
function cpuClock(): () => number {
  const { symbols } = Deno.dlopen(LIBC, {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const time = new BigInt64Array(2);
  const bytes = new Uint8Array(time.buffer);
  return () => {
    symbols.clock_gettime(CLOCK_PROCESS_CPUTIME_ID, bytes);
    return Number(time[0]) * 1e9 + Number(time[1]);
  };
}

function configText({ suite, settings = "" }: WorkerTask): string {
  const type = suite === "redis_cluster" ? "redis_cluster" : suite;
  const servers = addresses().map((address) =>
    suite === "redis_cluster" ? address : `${address}:1`
  );
  return `[[clusters]]
name = "bench"
listen_addr = "127.0.0.1:1"
cache_type = "${type}"
servers = ${JSON.stringify(servers)}
thread = 1
node_connections = 1
${suite === "redis_cluster" ? "" : 'hash = "fnv1a_64"\ndistribution = "ketama"'}
${settings}
`;
}

function addresses(): string[] {
  return Array.from({ length: BACKENDS }, (_, index) => `10.0.0.${index + 1}:7000`);
}

/** Starts the worker of the checkout. Types are those of this checkout, and what others lack is not used. */
async function startWorker(task: WorkerTask): Promise<void> {
  const load = async (path: string) => await import(`file://${task.directory}src/${path}`);
  const { loadConfig } = await load("config/load.ts");
  const { ClusterHost } = await load("worker/cluster_host.ts");
  const { createCluster } = await load("cluster/create_cluster.ts");
  const { config, problems } = loadConfig(configText(task), "bench.toml", {
    environment: {},
    platform: "linux",
    isTerminal: () => false,
    isStrict: true,
    flags: { io: task.engine, metrics: "off", logLevel: "warning", logFormat: null },
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  const host = new ClusterHost(createCluster, (message: { kind: string }) => {
    if (message.kind === "log" || message.kind === "failed") console.error(message);
  });
  host.onMessage({
    kind: "start",
    workerNumber: 0,
    clusters: config.clusters,
    leads: [],
    logLevel: "warning",
    io: { engine: task.engine, libcPath: LIBC },
    ticketSeed: new Uint8Array(32),
    advertisedAddress: { address: "127.0.0.1", isExplicit: true },
    sharesPort: false,
    clientMemory: new SharedArrayBuffer(12),
    memoryRoom: new SharedArrayBuffer(16),
    clusterMemories: new Map([["bench", clusterMemory()]]),
    listeners: [],
    loopMemory: new SharedArrayBuffer(1),
    isTakeover: false,
  });
  if (task.suite === "redis_cluster") host.onMessage({ kind: "follow", state: slotMap() });
}

/** The memories of a cluster, for checkouts that have several, and for those to which it is the only one. */
function clusterMemory(): unknown {
  const clients = new SharedArrayBuffer(12);
  return Object.assign(clients, { clients, addresses: null, rates: null });
}

function slotMap(): unknown {
  const share = 16_384 / BACKENDS;
  const masters = addresses();
  const ranges = masters.map((master, index) => ({
    first: index * share,
    last: (index + 1) * share - 1,
    master,
    replicas: [],
  }));
  return { kind: "slots", cluster: "bench", ranges, masters };
}

/** Puts fakes in the place of the sockets; returns what carries on until all replies are there. */
function fakeSockets(engine: Engine, traffic: Traffic): {
  accept(client: ClientPeer): void;
  run(quota: Quota): Promise<void>;
} {
  const connect = () => new BackendPeer(traffic);
  if (engine === "deno") {
    const sockets = new FakeSockets(connect);
    sockets.install();
    return {
      accept: (client) => sockets.accept(client),
      run: async (quota) => {
        while (quota.waiting > 0) {
          sockets.round();
          await turnOfDeno();
        }
      },
    };
  }
  const open = Deno.dlopen as unknown as OpenLibrary;
  let kernel: FakeKernel | null = null;
  const openFake: OpenLibrary = (path, functions) => {
    kernel = new FakeKernel(open(path, functions).symbols, connect);
    return { symbols: kernel.symbols as ReturnType<OpenLibrary>["symbols"] };
  };
  Deno.dlopen = openFake as unknown as typeof Deno.dlopen;
  return {
    accept: (client) => kernel!.accept(client),
    run: async (quota) => {
      kernel!.wake();
      while (quota.waiting > 0) await turnOfDeno();
    },
  };
}

function turnOfDeno(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function main(): Promise<void> {
  const task = JSON.parse(Deno.args[0]!) as WorkerTask;
  const now = cpuClock();
  const traffic = trafficOf(task.suite, task.operation, task.pipeline);
  const quota = new Quota();
  const sockets = fakeSockets(task.engine, traffic);
  await startWorker(task);
  const clients = Array.from(
    { length: task.clients },
    (_, number) => new ClientPeer(traffic, quota, number),
  );
  for (const client of clients) sockets.accept(client);
  for (let turn = 0; turn < 10; turn++) await turnOfDeno();

  const run = async (): Promise<number> => {
    const before = now();
    quota.batches = Math.ceil(task.requests / task.pipeline);
    for (const client of clients) client.begin();
    await sockets.run(quota);
    return (now() - before) / task.requests;
  };
  const encoder = new TextEncoder();
  const order = new Uint8Array(1);
  while (await Deno.stdin.read(order) !== null) {
    const cpuNs = await run();
    await Deno.stdout.write(encoder.encode(`${cpuNs}\n`));
  }

  Deno.exit(0);
}

if (import.meta.main) await main();
