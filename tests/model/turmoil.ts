/**
 * What operators and bad clients do to the proxy in a run of the model test, all at once: reloads, pauses of servers,
 * floods, slow clients of the admin port. Each loop ends with everything as it was.
 *
 * @module
 */
import type { Aster } from "../support/servers/aster.ts";
import { delay, until } from "../support/tools/poll.ts";
import type { Random } from "../support/tools/seed.ts";
import type { FaultCounts } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import { Violation } from "./violation.ts";

/** Further lines of the configuration; one is chosen of each row at each reload. */
const CLUSTER_CHOICES: readonly (readonly string[])[] = [
  ["", "max_pipeline = 7", "max_pipeline = 500"],
  ["", "backend_queue_soft_bytes = 20000", "client_read_ahead_bytes = 2048"],
  ["", "max_clients = 5000", "max_clients_per_address = 5000"],
  [
    "",
    // So much that nobody is refused, but everybody is counted.
    "rate_limit = { per_second = 5_000_000 }",
    'rate_limit = { per_second = 5_000_000, per = "address" }',
    'rate_limit = { per_second = 5_000_000, per = "cluster" }',
  ],
  ["", "client_idle_timeout = 60000"],
];
const RUNTIME_CHOICES = ["", "max_memory_bytes = 4294967296", 'log_level = "warning"'];

/** Reloads with other settings again and again, and in the end with those of the start. */
export async function reloadAll(
  aster: Aster,
  random: Random,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  const first = await Deno.readTextFile(aster.configFile);
  try {
    while (!isOver()) {
      await delay(random.between(200, 1_500));
      counts.add("reload");
      const lines = CLUSTER_CHOICES.map((choices) => random.pick(choices));
      const runtime = random.pick(RUNTIME_CHOICES);
      const threads = random.pick([1, 2, 2, 3]);
      // Its clients get another cluster beside the former, which they leave by and by.
      const connections = random.pick([1, 1, 2]);
      const text = first.replace(/^thread = .*$/m, `thread = ${threads}`)
        .replace(/^node_connections = .*$/m, `node_connections = ${connections}`);
      await reload(aster, `[runtime]\n${runtime}\n${text}\n${lines.join("\n")}\n`);
    }
  } finally {
    await reload(aster, first);
  }
}

async function reload(aster: Aster, text: string): Promise<void> {
  const successes = async () => {
    const status = await ask(aster, "GET", "/status");
    return JSON.stringify(JSON.parse(status).lastReload ?? null);
  };
  await Deno.writeTextFile(aster.configFile, text);
  await ask(aster, "POST", "/reload?force=1");
  if (!(await successes()).includes('"isGood":true')) {
    throw new Violation(`a reload failed: ${await successes()}`);
  }
}

/** Pauses servers, or all of them, and lets them go on. */
export async function pauseServers(
  aster: Aster,
  servers: readonly string[],
  random: Random,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await delay(random.between(300, 2_000));
    const server = random.chance(0.7) ? `&server=${random.pick(servers)}` : "";
    const mode = random.pick(["write", "all"]);
    counts.add(`pause of ${server === "" ? "the cluster" : "a server"}`);
    await ask(aster, "POST", `/pause?cluster=model${server}&mode=${mode}&max=2s`);
    await delay(random.between(0, 300));
    await ask(aster, "POST", `/resume?cluster=model${server}`);
  }
  await ask(aster, "POST", "/resume?cluster=model");
}

/** The answer to a request of the admin server. */
async function ask(aster: Aster, method: string, path: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: aster.metricsPort });
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const answer = await new Response(connection.readable).text();
  // A server that is paused already, or does not answer, is said to be so.
  if (!/^HTTP\/1\.1 (200|409) /.test(answer)) throw new Violation(`${path} answered ${answer}`);
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

const encoder = new TextEncoder();

/** What floods send; the first of each type asks for much and takes nothing. */
const FLOODS: Readonly<Record<Scenario["type"], readonly string[]>> = {
  redis: redisFloods(),
  redis_cluster: redisFloods(),
  memcache: [
    "get flood\r\n".repeat(20_000),
    "mg flood v\r\n".repeat(5_000),
    `set flood 0 0 900000\r\n${"f".repeat(900_000)}\r\n`,
    `get ${"k".repeat(300)}\r\n`.repeat(2_000),
    `set flood 0 0 4000000000\r\n`,
    "\x80\x7f\x00\x00",
    "\x00".repeat(100_000),
  ],
};

function redisFloods(): string[] {
  return [
    "*2\r\n$3\r\nGET\r\n$5\r\nflood\r\n".repeat(20_000),
    "PING\r\n".repeat(50_000),
    `*3\r\n$3\r\nSET\r\n$5\r\nflood\r\n$900000\r\n${"f".repeat(900_000)}\r\n`,
    "*1\r\n$5\r\nMULTI\r\n" + "*2\r\n$3\r\nGET\r\n$5\r\nflood\r\n".repeat(2_000),
    "*1000000\r\n$3\r\nDEL\r\n",
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$500000000\r\n",
    "\x00".repeat(100_000),
  ];
}

/** Floods that the proxy has to bear at once. */
const FLOODERS = 3;

/** Clients that send far more than they read, or nonsense, until `isOver`. */
export async function flood(
  port: number,
  type: Scenario["type"],
  random: Random,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  await Promise.all(Array.from({ length: FLOODERS }, async () => {
    while (!isOver()) {
      await delay(random.between(50, 500));
      counts.add("flood");
      await floodOnce(port, Uint8Array.from(random.pick(FLOODS[type]), charCode), random);
    }
  }));
}

function charCode(character: string): number {
  return character.charCodeAt(0);
}

async function floodOnce(port: number, bytes: Uint8Array, random: Random): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  if (connection === null) return;
  const reads = random.chance(0.4);
  const reading = reads ? readAll(connection) : Promise.resolve();
  const sending = (async () => {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  })().catch(() => {});
  // Whoever is not read stands still.
  await Promise.race([sending, delay(random.between(100, 1_500))]);
  await delay(random.between(0, 300));
  connection.close();
  await Promise.all([sending, reading]);
}

async function readAll(connection: Deno.TcpConn): Promise<void> {
  const bytes = new Uint8Array(65_536);
  while (await connection.read(bytes).catch(() => null) !== null);
}

/** Clients of the admin port that send half a request, or take nothing. */
export async function slowAdminClients(
  port: number,
  random: Random,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  const texts = ["", "GET /metrics HTTP/1.1\r\nHost: ", "GET /status HTTP/1.1\r\nHost: a\r\n\r\n"];
  while (!isOver()) {
    await delay(random.between(100, 1_000));
    counts.add("slow admin client");
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(encoder.encode(random.pick(texts))).catch(() => 0);
    await delay(random.between(0, 500));
    connection.close();
  }
}

/** A process of the proxy that is drained and followed by another, again and again. */
export class RestartedProxy {
  #aster: Aster | null = null;
  readonly #start: () => Promise<Aster>;

  /** @param start Starts one that serves the same servers as the others do. */
  constructor(start: () => Promise<Aster>) {
    this.#start = start;
  }

  /** Where the process that runs now listens. */
  get port(): number {
    return this.#aster!.port;
  }

  async begin(): Promise<void> {
    this.#aster = await this.#start();
  }

  /** Each process ends by itself, in time and well. */
  async restart(random: Random, counts: FaultCounts, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await until(isOver, { what: "the next restart", deadlineMs: random.between(3_000, 8_000) })
        .catch(() => {});
      if (isOver()) return;
      counts.add("restart");
      const former = this.#aster!;
      this.#aster = await this.#start();
      await end(former);
    }
  }

  async end(): Promise<void> {
    if (this.#aster !== null) await end(this.#aster);
  }
}

async function end(aster: Aster): Promise<void> {
  const { code } = await aster.stop();
  await aster[Symbol.asyncDispose]();
  if (code !== 0) throw new Violation(`a proxy that was asked to end ended with code ${code}`);
}
