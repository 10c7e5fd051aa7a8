/**
 * One process takes another's place: what may go wrong on the way leaves the old one as it was.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { testIo } from "../support/tools/test_engine.ts";

interface Wanted {
  port: number;
  folder: string;
  thread?: number;
  metrics?: string;
  /** Its first slot map never comes, so that it waits so long before it serves, milliseconds. */
  waitsMs?: number;
}

/** Longer than a test needs that kills a process before it serves. */
const LONG_WAIT_MS = 10_000;

/** Starts a process in place of another that does not serve for long, as no slot map comes. */
async function startWaiting(
  { port, folder, metrics = "off", waitsMs = LONG_WAIT_MS }: Wanted,
  flags: string[] = [],
): Promise<Deno.ChildProcess> {
  const configFile = `${folder}/waits.toml`;
  await Deno.writeTextFile(configFile, configOf({ port, folder, metrics, waitsMs }));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", "--takeover", "--io", testIo(), ...flags, configFile],
    cwd: decodeURIComponent(new URL("../../", import.meta.url).pathname),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Orders something of the process whose admin port that is. */
async function order(adminPort: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, { method: "POST" });
  return { status: response.status, body: await response.json() };
}

function configOf({ port, folder, thread = 2, metrics = "off", waitsMs = 0 }: Wanted): string {
  return `[runtime]
metrics = "${metrics}"
takeover_socket = "${folder}/door"
drain_idle = 1000
shutdown_timeout = 4000

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "${waitsMs > 0 ? "redis_cluster" : "redis"}"
thread = ${thread}
servers = ["127.0.0.1:9"]
${waitsMs > 0 ? `dial_timeout = ${waitsMs}` : ""}
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
    const killed = await startWaiting({ port, folder });
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

Deno.test("a process that stands still again and again meanwhile is taken over all the same", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    await using former = await startAster(() => configOf({ port, folder }));
    const heir = await startWaiting({ port, folder, waitsMs: 4_000 });
    await former.logged(/Another process is about to take over/);
    // Each time what it waits by on another thread is interrupted.
    for (let count = 0; count < 8; count++) {
      await former.process.pause();
      former.process.resume();
      await ping(port);
    }
    await former.logged(/The other process serves/);
    assertEquals((await withDeadline(former.process.ended, "the former process ends")).code, 0);
    heir.kill("SIGTERM");
    await heir.status;
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
    const say = async (path: string) =>
      assertEquals((await order(aster.metricsPort, path)).status, 200);
    await say("/pause?cluster=main&max=60s");
    const error = await startAster(() => configOf({ port, folder }), { arguments: ["--takeover"] })
      .then(() => "it has started", String);
    assertMatch(error, /requests are paused there: resume them first/);
    await ping(port);
    await say("/resume?cluster=main");
    const heir = await takeOver(aster, { port, folder });
    await ping(port);
    await heir[Symbol.asyncDispose]();
  });
});

Deno.test("nothing is ordered of a process that is being taken over: the new one would not know of it", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    const text = () => configOf({ port, folder });
    await using aster = await startAster(text, { metrics: true });
    const killed = await startWaiting({ port, folder });
    await aster.logged(/Another process is about to take over/);
    const error = `process ${killed.pid} takes over: order it there when it serves`;
    for (
      const path of [
        "/pause?max=60s",
        "/server/state?server=127.0.0.1:9&state=drain&force=1",
        "/reload",
      ]
    ) assertEquals(await order(aster.metricsPort, path), { status: 409, body: { error } });
    killed.kill("SIGKILL");
    await killed.status;
    await aster.logged(/The other process has given up/);
    assertEquals((await order(aster.metricsPort, "/pause?max=60s")).status, 200);
    assertEquals((await order(aster.metricsPort, "/resume")).status, 200);
  });
});

Deno.test("a pause is done only when the process that was taken over serves nobody any more", async () => {
  await withFolder(async (folder) => {
    const port = findFreePort();
    const former = await startAster(() => configOf({ port, folder }));
    // Who never rests is served until the end.
    using client = await RespClient.connect({ port });
    const served = (async () => {
      while (await client.call("PING").then(() => true, () => false));
    })();
    await using heir = await startAster(() => configOf({ port, folder }), {
      metrics: true,
      arguments: ["--takeover"],
    });
    const early = await order(heir.metricsPort, "/pause?max=500ms");
    assertEquals([early.status, early.body.in_flight, early.body.former_process], [409, 0, true]);
    await withDeadline(former.process.ended, "the former process ends");
    await served;
    const answer = await order(heir.metricsPort, "/pause?max=60s");
    assertEquals([answer.status, answer.body.former_process], [200, false]);
    assertEquals((await order(heir.metricsPort, "/resume")).status, 200);
    await former[Symbol.asyncDispose]();
  });
});

for (const way of ["--reload", "SIGHUP"]) {
  Deno.test(`a file that changes while its process starts is taken up by ${way}`, async () => {
    await withFolder(async (folder) => {
      const [port, adminPort] = [findFreePort(), findFreePort()];
      const metrics = `127.0.0.1:${adminPort}`;
      await using aster = await startAster(() => configOf({ port, folder }));
      // Long enough for the file to change meanwhile.
      const waitsMs = 3_000;
      const heir = await startWaiting(
        { port, folder, metrics, waitsMs },
        way === "--reload" ? [way] : [],
      );
      await aster.logged(/Another process is about to take over/);
      const text = configOf({ port, folder, metrics, waitsMs });
      await Deno.writeTextFile(`${folder}/waits.toml`, `${text}read_timeout = 1234\n`);
      if (way === "SIGHUP") heir.kill("SIGHUP");
      const reloads = async () => {
        const status = await fetch(`http://${metrics}/status`).then(
          (one) => one.json(),
          () => null,
        );
        return status?.lastReload?.count ?? 0;
      };
      await until(async () => await reloads() === 1, {
        what: "the file is read again",
        deadlineMs: 30_000,
      });
      heir.kill("SIGTERM");
      await heir.status;
    });
  });
}
