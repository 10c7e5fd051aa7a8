/**
 * Memory of a process behind very many short connections: each sends PING, reads the reply, and closes. Prints
 * the resident memory after every so many of them.
 *
 *     deno run -A bench/reconnects.ts --subject epoll --connections 400000
 *
 * Subjects: `epoll` and `deno` are the proxy with that engine; `bare` is `bare_listener.ts`, which shows what Deno
 * itself keeps. Flags for V8 go along by `DENO_V8_FLAGS` in the environment.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";
import { findFreePort } from "../tests/support/tools/free_port.ts";
import { delay } from "../tests/support/tools/poll.ts";
import {
  makeServerDirectory,
  residentBytes,
  ServerProcess,
} from "../tests/support/servers/server_process.ts";
import { startRedisServer } from "../tests/support/servers/redis_server.ts";

const { subject, connections, every, concurrency } = parseArgs(Deno.args, {
  string: ["subject", "connections", "every", "concurrency"],
  default: { subject: "epoll", connections: "400000", every: "40000", concurrency: "64" },
});

/** Addresses of loopback in turn: one has no more than some 28,000 ports at a time. */
const ADDRESSES = 32;
/** Memory is looked at when the process has had so long to itself, milliseconds. */
const SETTLE_MS = 1_000;
const PING = new TextEncoder().encode("*1\r\n$4\r\nPING\r\n");

await using server = await startRedisServer();
const port = findFreePort();
await using process = await startSubject();
const room = new Uint8Array(64);
let made = 0;
const startedAtMs = performance.now();
for (const milestone of milestones()) {
  await Promise.all(Array.from({ length: Number(concurrency) }, () => connectUntil(milestone)));
  await delay(SETTLE_MS);
  const megabytes = (residentBytes(process.pid) / 1e6).toFixed(1);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  console.log(`${subject}  ${String(made).padStart(7)} connections  ${megabytes} MB  ${seconds} s`);
}

function* milestones(): Generator<number> {
  yield 0;
  yield 10_000;
  const total = Number(connections);
  for (let milestone = Number(every); milestone < total; milestone += Number(every)) {
    yield milestone;
  }
  yield total;
}

async function connectUntil(milestone: number): Promise<void> {
  while (made < milestone) {
    made += 1;
    const connection = await Deno.connect({ hostname: `127.0.0.${1 + made % ADDRESSES}`, port });
    await connection.write(PING);
    await connection.read(room);
    connection.close();
  }
}

async function startSubject(): Promise<ServerProcess> {
  const directory = await makeServerDirectory();
  const config = `${directory}/aster.toml`;
  await Deno.writeTextFile(
    config,
    `[[clusters]]
name = "reconnects"
listen_addr = "0.0.0.0:${port}"
cache_type = "redis"
servers = ["${server.address}:1"]
`,
  );
  const bare = ["run", "--allow-net", "bench/bare_listener.ts", String(port)];
  const proxy = ["run", "-A", "mod.ts", config, "--metrics", "off", "--io", subject];
  return await ServerProcess.start({
    name: subject,
    command: Deno.execPath(),
    arguments: subject === "bare" ? bare : proxy,
    workingDirectory: decodeURIComponent(new URL("../", import.meta.url).pathname),
    isServing: (process) => Promise.resolve(/listens|ready/.test(process.output())),
  }, directory);
}
