/**
 * One process takes another's place: what may go wrong on the way leaves the old one as it was.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/aster.ts";
import { findFreePort } from "../support/free_port.ts";
import { until, withDeadline } from "../support/poll.ts";
import { RespClient } from "../support/resp_client.ts";
import { testIo } from "../support/test_engine.ts";

interface Wanted {
  port: number;
  folder: string;
  thread?: number;
  metrics?: string;
  /** Its first slot map never comes, so that it waits before it serves. */
  waits?: boolean;
}

function configOf({ port, folder, thread = 2, metrics = "off", waits = false }: Wanted): string {
  return `[runtime]
metrics = "${metrics}"
takeover_socket = "${folder}/door"
drain_idle = 1000
shutdown_timeout = 4000

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "${waits ? "redis_cluster" : "redis"}"
thread = ${thread}
servers = ["127.0.0.1:9"]
${waits ? "dial_timeout = 10000" : ""}
`;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ping(port: number): Promise<void> {
  using client = await RespClient.connect({ port });
  assertEquals(await client.call("PING"), "PONG");
}

/** Starts a process in place of another; returns it when the other one has ended. */
async function takeOver(former: Aster, wanted: Wanted): Promise<Aster> {
  const heir = await startAster(() => configOf(wanted), { arguments: ["--takeover"] });
  const { code } = await withDeadline(former.process.ended, "the former process ends");
  assertEquals(code, 0);
  await former[Symbol.asyncDispose]();
  return heir;
}

Deno.test("with fewer and with more threads than before every connection is served", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    let aster = await startAster(() => configOf({ port, folder }));
    const visits = { made: 0, failed: [] as string[] };
    let isOver = false;
    const visit = async () => {
      while (!isOver) {
        visits.made += 1;
        await ping(port).catch((error) => visits.failed.push(String(error)));
      }
    };
    const visitors = Promise.all([visit(), visit(), visit()]);
    for (const thread of [1, 3, 2]) {
      aster = await takeOver(aster, { port, folder, thread });
      const made = visits.made;
      await until(() => visits.made > made + 300, { what: "the new process serves" });
    }
    isOver = true;
    await visitors;
    const allowed = testIo() === "epoll" ? 0 : Math.ceil(visits.made / 1_000);
    console.log(`of ${visits.made} that connected ${visits.failed.length} were not served`);
    assert(visits.failed.length <= allowed, visits.failed[0]);
    await aster[Symbol.asyncDispose]();
  });
});

Deno.test("a process that is killed before it serves leaves the old one as it was, for the next", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    const aster = await startAster(() => configOf({ port, folder }), {
      arguments: ["--log-format", "text"],
    });
    const configFile = `${folder}/waits.toml`;
    await Deno.writeTextFile(configFile, configOf({ port, folder, waits: true }));
    const killed = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "mod.ts", "--takeover", "--io", testIo(), configFile],
      cwd: decodeURIComponent(new URL("../../", import.meta.url).pathname),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await aster.logged(/Another process is about to take over/);
    killed.kill("SIGKILL");
    await killed.status;
    await aster.logged(/The other process has given up/);
    for (let count = 0; count < 50; count++) await ping(port);
    const heir = await takeOver(aster, { port, folder });
    await ping(port);
    await heir[Symbol.asyncDispose]();
  });
});

Deno.test("the admin port is the new process's when it serves, and never both answer", async () => {
  await withFolder(async (folder) => {
    const [port, adminPort] = [findFreePort(), findFreePort()];
    const metrics = `127.0.0.1:${adminPort}`;
    const started = async () => {
      const response = await fetch(`http://${metrics}/status`);
      const { startedAt, ready } = await response.json();
      return { startedAt, ready };
    };
    // The flag of the tests' own would win over the file.
    const start = (flags: string[]) =>
      startAster(() => configOf({ port, folder, metrics }), {
        arguments: flags,
        metricsFromFile: true,
      });
    const former = await start([]);
    const before = await started();
    const heir = await start(["--takeover"]);
    const after = await started();
    assert(before.startedAt < after.startedAt, `${before.startedAt} ${after.startedAt}`);
    assertEquals([before.ready, after.ready], [true, true]);
    await withDeadline(former.process.ended, "the former process ends");
    for (let count = 0; count < 20; count++) {
      assertEquals((await started()).startedAt, after.startedAt);
    }
    await former[Symbol.asyncDispose]();
    await heir[Symbol.asyncDispose]();
  });
});

Deno.test("a second process by mistake says that another one runs", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    await using aster = await startAster(() => configOf({ port, folder }));
    const error = await startAster(() => configOf({ port, folder })).then(
      () => "it has started",
      String,
    );
    assertMatch(error, /another process's that runs: --takeover takes its place/);
    await ping(port);
    assertEquals((await aster.stop()).code, 0);
  });
});

Deno.test("while requests are paused no process takes over: it would know nothing of that", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    await using aster = await startAster(() => configOf({ port, folder }), { metrics: true });
    const order = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${aster.metricsPort}${path}`, {
        method: "POST",
      });
      await response.body?.cancel();
      assertEquals(response.status, 200);
    };
    await order("/pause?cluster=main&max=60s");
    const error = await startAster(() => configOf({ port, folder }), { arguments: ["--takeover"] })
      .then(() => "it has started", String);
    assertMatch(error, /requests are paused there: resume them first/);
    await ping(port);
    await order("/resume?cluster=main");
    const heir = await takeOver(aster, { port, folder });
    await ping(port);
    await heir[Symbol.asyncDispose]();
  });
});
