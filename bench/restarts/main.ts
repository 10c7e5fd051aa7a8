/**
 * Restarts proxies under client libraries at full load, and counts the commands that fail:
 *
 * - `rolling`: two proxies, each told to send its clients to the other one; one after the other is ended and started.
 * - `takeover`: one proxy, in whose place another one is started on the same port, again and again.
 *
 * Run it with `deno run -A --lock=tests/deno.lock bench/restarts/main.ts [--io=deno|epoll] [--rounds=N] [--scenario=NAME] [LIBRARY…]`.
 * `--python=PATH` is a Python that has redis-py, `--go-redis=PATH` the program of `go_redis/`, built; without them they
 * are left out.
 *
 * @module
 */
import { parseArgs } from "../../deps.ts";
import { type Aster, PLAIN_PROGRAM, startAster } from "../../tests/support/servers/aster.ts";
import { findFreePort } from "../../tests/support/tools/free_port.ts";
import { delay, until } from "../../tests/support/tools/poll.ts";
import { type RedisServer, startRedisServer } from "../../tests/support/servers/redis_server.ts";
import { endAllServers } from "../../tests/support/servers/server_process.ts";
import { TEST_IO_VARIABLE } from "../../tests/support/tools/test_engine.ts";
import type { ProgramCounts } from "./count.ts";

/** Load before the first restart, between two, and behind the last, milliseconds. */
const LOAD_MS = 2_000;
/** Two loopback addresses of Linux: a library may go on at another host, but at the same port only. */
const HOSTS = ["127.0.0.1", "127.0.0.2"] as const;

const flags = parseArgs(Deno.args, {
  string: ["io", "rounds", "scenario", "python", "go-redis"],
  default: { io: "deno", rounds: "3" },
});
Deno.env.set(TEST_IO_VARIABLE, flags.io);
const rounds = Number(flags.rounds);

function here(name: string): string {
  return decodeURIComponent(new URL(name, import.meta.url).pathname);
}

/** A command line for each library and version of the protocol; host and port come behind its first words. */
function commandsOf(): Map<string, (host: string, port: number) => string[]> {
  const lock = here("../../tests/deno.lock");
  const deno = (file: string, ...more: string[]) => (host: string, port: number) => [
    ...[Deno.execPath(), "run", "-A", `--lock=${lock}`, here(file), host, String(port)],
    ...more,
  ];
  const commands = new Map([
    ["node-redis", deno("node_redis.ts", "3")],
    ["node-redis, RESP2", deno("node_redis.ts", "2")],
    ["ioredis", deno("ioredis.ts")],
  ]);
  const { python, "go-redis": goRedis } = flags;
  for (const [suffix, version] of [["", "3"], [", RESP2", "2"]] as const) {
    if (python) {
      commands.set(`redis-py${suffix}`, (host, port) => [
        ...[python, here("redis_py.py"), host, String(port), version],
      ]);
    }
    if (goRedis) {
      commands.set(`go-redis${suffix}`, (host, port) => [goRedis, host, String(port), version]);
    }
  }
  return commands;
}

function configOf(backend: RedisServer, host: string, port: number, runtime: string, keys: string) {
  return `[runtime]
drain_idle = 500
shutdown_timeout = 6000
${runtime}

[[clusters]]
name = "main"
listen_addr = "${host}:${port}"
cache_type = "redis"
thread = 2
read_timeout = 10000
servers = ["${backend.address}"]
${keys}
`;
}

/** Ends a proxy and starts it again; returns the new one. */
async function restart(aster: Aster, config: string): Promise<Aster> {
  aster.process.signal("SIGTERM");
  await aster.process.ended;
  await aster[Symbol.asyncDispose]();
  return await startAster(() => config, { program: PLAIN_PROGRAM });
}

async function rolling(backend: RedisServer, port: number, load: () => Promise<void>) {
  const configs = HOSTS.map((host, index) =>
    configOf(backend, host, port, "", `handoff_address = "${HOSTS[1 - index]}:${port}"`)
  );
  const proxies = await Promise.all(
    configs.map((config) => startAster(() => config, { program: PLAIN_PROGRAM })),
  );
  const running = load();
  await delay(LOAD_MS);
  for (let round = 0; round < rounds; round++) {
    for (const [index, config] of configs.entries()) {
      proxies[index] = await restart(proxies[index]!, config);
      await delay(LOAD_MS);
    }
  }
  return { running, end: () => Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]())) };
}

async function takeover(backend: RedisServer, port: number, load: () => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const config = configOf(backend, HOSTS[0], port, `takeover_socket = "${folder}/door"`, "");
  let proxy = await startAster(() => config, { program: PLAIN_PROGRAM });
  const running = load();
  await delay(LOAD_MS);
  for (let round = 0; round < rounds; round++) {
    const former = proxy;
    proxy = await startAster(() => config, { program: PLAIN_PROGRAM, arguments: ["--takeover"] });
    await until(() => former.process.status !== null, {
      what: "the former process ends",
      deadlineMs: 30_000,
    });
    await former[Symbol.asyncDispose]();
    await delay(LOAD_MS);
  }
  return {
    running,
    async end() {
      await proxy[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A program that loads a proxy until it is told to end. */
class Program {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;

  constructor([command, ...args]: string[]) {
    this.#child = new Deno.Command(command!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#output = new Response(this.#child.stdout).text();
  }

  async end(): Promise<ProgramCounts | null> {
    try {
      await this.#child.stdin.close();
    } catch {
      // It has ended by itself, and printed nothing.
    }
    const output = await this.#output;
    await this.#child.status;
    return output === "" ? null : JSON.parse(output);
  }
}

async function measure(
  scenario: typeof rolling | typeof takeover,
  command: (host: string, port: number) => string[],
): Promise<ProgramCounts | null> {
  await using backend = await startRedisServer();
  const port = findFreePort();
  let program: Program | null = null;
  const { running, end } = await scenario(backend, port, () => {
    program = new Program(command(HOSTS[0], port));
    return Promise.resolve();
  });
  await running;
  const counts = await program!.end();
  await end();
  return counts;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    endAllServers();
    Deno.exit(1);
  });
}
const wanted = flags._.map(String);
console.log(`io = ${flags.io}, ${rounds} rounds`);
for (const scenario of [rolling, takeover]) {
  if (flags.scenario && flags.scenario !== scenario.name) continue;
  for (const [name, command] of commandsOf()) {
    if (wanted.length > 0 && !wanted.includes(name.split(",")[0]!)) continue;
    const counts = await measure(scenario, command);
    console.log(
      `${scenario.name.padEnd(9)} ${name.padEnd(18)} ` +
        (counts === null
          ? "ended by itself"
          : `${counts.commands} commands, ${counts.errors} failed, ${counts.wrong} wrong ` +
            counts.texts.join(" | ")),
    );
  }
}
