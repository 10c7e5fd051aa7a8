/**
 * A worker that stands still is replaced, and nothing of it is left; a process that stood still is not taken for that.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { testIo } from "../support/tools/test_engine.ts";
import { SILENT_MS } from "../../src/supervisor/silence_watch.ts";

const REPOSITORY = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** How many sockets a process has open. */
function socketCount(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return [...Deno.readDirSync(folder)].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      // Closed meanwhile.
      return false;
    }
  }).length;
}

Deno.test("a worker that stands still is replaced, counted and told of, and its clients hear of it", async () => {
  const [port, adminPort] = [findFreePort(), findFreePort()];
  await using program = await ServerProcess.start({
    name: "program",
    command: Deno.execPath(),
    arguments: [
      ...["run", "-A", "tests/proxy/crashing_program.ts", String(port), String(adminPort)],
      "stuck_worker.ts",
    ],
    workingDirectory: REPOSITORY,
    isServing: (process) => Promise.resolve(/program is ready/.test(process.output())),
  }, await makeServerDirectory());
  const sockets = socketCount(program.pid);
  await using client = await connectFakeClient(port);
  await client.sends("PING\r\n");
  await client.receives("+PONG\r\n");
  await (await fetch(`http://127.0.0.1:${adminPort}/slowlog`)).text();
  // It stands still by now: whoever connects waits.
  await using waiting = await connectFakeClient(port);
  await waiting.sends("PING\r\n");
  await until(() => /Worker is back/.test(program.output()), {
    what: "the worker is replaced",
    deadlineMs: SILENT_MS + 15_000,
  });
  assertMatch(program.output(), /Worker ended[^\n]*reason=.*it is silent/);
  await client.receivesEnd();
  // On Deno's sockets who waits to be accepted goes down with the worker.
  if (testIo() === "epoll") await waiting.receives("+PONG\r\n");
  await using later = await connectFakeClient(port);
  await later.sends("PING\r\n");
  await later.receives("+PONG\r\n");
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  assertMatch(metrics, /^aster_silent_workers_total 1$/m);
  assertMatch(metrics, /^aster_worker_restarts_total 1$/m);
  await Promise.all([waiting, later].map((wire) => wire[Symbol.asyncDispose]()));
  // Connections of the admin server come on top.
  await until(() => socketCount(program.pid) <= sockets + 2, {
    what: "nothing of the worker stays open",
    deadlineMs: 20_000,
  });
  assertEquals((await program.stop()).code, 0);
});

Deno.test("a process that was stopped for longer ends no worker when it wakes", async () => {
  await using aster = await startAster((port) => `
[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
servers = ["127.0.0.1:9"]
`, { metrics: true });
  await using client = await connectFakeClient(aster.port);
  await client.sends("PING\r\n");
  await client.receives("+PONG\r\n");
  aster.process.signal("SIGSTOP");
  await delay(SILENT_MS + 2_000);
  aster.process.signal("SIGCONT");
  for (let round = 0; round < 3; round++) {
    await client.sends("PING\r\n");
    await client.receives("+PONG\r\n");
    await delay(1_000);
  }
  const response = await withDeadline(
    fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`),
    "the admin server answers",
  );
  assertMatch(await response.text(), /^aster_silent_workers_total 0$/m);
  assert(!/Worker ended/.test(aster.logs()), aster.logs());
});
