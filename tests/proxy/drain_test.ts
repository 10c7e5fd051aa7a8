/**
 * The process is asked to end while it has clients: each gets what it is owed, and nobody waits longer than said.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { startFakeBackend } from "../support/fakes/fake_backend.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import type { Wire } from "../support/clients/wire.ts";
import { bulk, request } from "../support/clients/resp_text.ts";

function configOf(backendPort: number, runtime = ""): (port: number) => string {
  return (port) =>
    `[runtime]
${runtime}

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
read_timeout = 60000
servers = ["127.0.0.1:${backendPort}"]
`;
}

async function isReady(aster: Aster): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${aster.metricsPort}/ready`);
  await response.body?.cancel();
  return response.ok;
}

/** Whether nobody can connect any more. */
async function isRefused(port: number): Promise<boolean> {
  try {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw error;
  }
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: requests in flight are answered, idle clients closed, and the process ends with 0`, async () => {
    await using backend = await startFakeBackend({});
    await using aster = await startAster(configOf(backend.port, "drain_idle = 50"), {
      metrics: true,
    });
    await using idle = await connectFakeClient(aster.port);
    await idle.sends("PING\r\n");
    await idle.receives("+PONG\r\n");
    await using busy = await connectFakeClient(aster.port);
    await busy.sends(request("GET", "a"));
    const server = await backend.accepts();
    await server.receives(request("GET", "a"));
    aster.process.signal(signal);
    await idle.receivesEnd();
    await until(() => isRefused(aster.port), { what: "nobody is accepted" });
    assertEquals(await isReady(aster), false);
    // It goes on as long as it is not idle.
    await busy.sends("PING\r\n");
    await server.sends(bulk("A"));
    await busy.receives(bulk("A"), "+PONG\r\n");
    await busy.receivesEnd();
    const ended = await withDeadline(aster.process.ended, "the proxy ends");
    assertEquals([ended.code, ended.signal], [0, null]);
  });
}

Deno.test("SIGTERM: subscribed, blocked and queueing clients are closed last, within the time", async () => {
  await using backend = await startFakeBackend({});
  await using aster = await startAster(configOf(backend.port, "drain_idle = 50"));
  await using queueing = await connectFakeClient(aster.port);
  await queueing.sends(request("MULTI"));
  await queueing.receives("+OK\r\n");
  await using blocked = await connectFakeClient(aster.port);
  await blocked.sends(request("BLPOP", "q", "0"));
  const dedicated = await backend.accepts();
  await dedicated.receives(request("CLIENT", "ID"));
  await dedicated.sends(":7\r\n");
  await dedicated.receives(request("BLPOP", "q", "0"));
  await using busy = await connectFakeClient(aster.port);
  await busy.sends(request("GET", "a"));
  const server = await backend.accepts();
  await server.receives(request("GET", "a"));
  aster.process.signal("SIGTERM");
  await until(() => isRefused(aster.port), { what: "nobody is accepted" });
  await Promise.all([queueing.isSilent(), blocked.isSilent()]);
  await server.sends(bulk("A"));
  await busy.receives(bulk("A"));
  await Promise.all([busy, queueing, blocked].map((client) => client.receivesEnd()));
  const ended = await withDeadline(aster.process.ended, "the proxy ends");
  assertEquals([ended.code, ended.signal], [0, null]);
});

Deno.test("SIGTERM: a client that never rests is answered and cut off when the time is over", async () => {
  await using backend = await startFakeBackend({});
  const runtime = "shutdown_timeout = 1000\ndrain_idle = 3600000";
  await using aster = await startAster(configOf(backend.port, runtime));
  await using client = await connectFakeClient(aster.port);
  await client.sends(request("GET", "a"));
  const server = await backend.accepts();
  await server.receives(request("GET", "a"));
  aster.process.signal("SIGTERM");
  const ended = await withDeadline(aster.process.ended, "the proxy ends");
  assertEquals([ended.code, ended.signal], [0, null]);
  await client.receivesEnd();
});

Deno.test("drain_delay: listeners stay open while /ready says no", async () => {
  await using backend = await startFakeBackend({});
  await using aster = await startAster(configOf(backend.port, "drain_delay = 60000"), {
    metrics: true,
  });
  assertEquals(await isReady(aster), true);
  aster.process.signal("SIGTERM");
  await until(async () => !await isReady(aster), { what: "/ready says no" });
  await using client = await connectFakeClient(aster.port);
  await client.sends("PING\r\n");
  await client.receives("+PONG\r\n");
  // The second signal does not wait.
  aster.process.signal("SIGTERM");
  const ended = await withDeadline(aster.process.ended, "the proxy ends");
  assertEquals([ended.code, ended.signal], [0, null]);
});

Deno.test("SIGTERM: who wants it is told to go on where others serve, once nobody is accepted here", async () => {
  await using backend = await startFakeBackend({});
  await using aster = await startAster(
    configOf(backend.port, "drain_idle = 50\nshutdown_timeout = 6000"),
    {
      metrics: true,
    },
  );
  const asks = async (version: 2 | 3, ...words: string[]) => {
    const client = await connectFakeClient(aster.port);
    await client.sends(request("HELLO", String(version)));
    await client.receivesUpTo("modules\r\n*0\r\n");
    await client.sends(request("CLIENT", "MAINT_NOTIFICATIONS", ...words));
    return client;
  };
  await using told = await asks(3, "ON", "moving-endpoint-type", "external-ip");
  await told.receives("+OK\r\n");
  await using without = await asks(3, "ON", "moving-endpoint-type", "none");
  await without.receives("+OK\r\n");
  await using silent = await connectFakeClient(aster.port);
  await silent.sends("PING\r\n");
  await silent.receives("+PONG\r\n");
  await using heir = await startAster(
    () => configOf(backend.port)(aster.port),
    { arguments: ["--takeover"] },
  );
  aster.process.signal("SIGTERM");
  const address = `127.0.0.1:${aster.port}`;
  const moving = /^>4\r\n\$6\r\nMOVING\r\n:\d{10}\r\n:5\r\n$/;
  assertMatch(await told.receivesUpTo(":5\r\n"), moving);
  await told.receives(`$${address.length}\r\n${address}\r\n`);
  assertMatch(await without.receivesUpTo(":5\r\n"), moving);
  await without.receives("_\r\n");
  // Whoever is told finds the other process alone.
  await using moved = await connectFakeClient(aster.port);
  await moved.sends("PING\r\n");
  await moved.receives("+PONG\r\n");
  // Who rests is closed, but not who was given time.
  await silent.receivesEnd();
  await Promise.all([told, without].map((client) => client.isSilent()));
  await told[Symbol.asyncDispose]();
  await without.receivesEnd();
  await withDeadline(aster.process.ended, "the proxy ends");
  await moved.sends("PING\r\n");
  await moved.receives("+PONG\r\n");
  assert(heir.pid !== aster.pid);
});

Deno.test("SIGTERM: nobody is told to go on where nobody serves", async () => {
  await using backend = await startFakeBackend({});
  await using aster = await startAster(configOf(backend.port, "drain_idle = 50"));
  await using client = await connectFakeClient(aster.port);
  await client.sends(request("HELLO", "3"));
  await client.receivesUpTo("modules\r\n*0\r\n");
  await client.sends(request("CLIENT", "MAINT_NOTIFICATIONS", "ON"));
  await client.receives("+OK\r\n");
  aster.process.signal("SIGTERM");
  await client.receivesEnd();
  await withDeadline(aster.process.ended, "the proxy ends");
});

Deno.test("clients of a worker, and of a cluster, that a reload ends are told where to go on", async () => {
  await using backend = await startFakeBackend({});
  const elsewhere = "10.0.0.7:6380";
  const textOf = (ports: readonly number[], threads: number, hasOther: boolean) =>
    `${configOf(backend.port)(ports[0]!).replace("thread = 2", `thread = ${threads}`)}
${
      hasOther
        ? `[[clusters]]
name = "other"
listen_addr = "127.0.0.1:${ports[1]}"
cache_type = "redis"
handoff_address = "${elsewhere}"
servers = ["127.0.0.1:${backend.port}"]`
        : ""
    }`;
  await using aster = await startAster((...ports) => textOf(ports, 2, true), { portCount: 2 });
  await using owned = new AsyncDisposableStack();
  const connect = async (port: number) => {
    const client = owned.use(await connectFakeClient(port));
    await client.sends(request("HELLO", "3"));
    await client.receivesUpTo("modules\r\n*0\r\n");
    await client.sends(request("CLIENT", "MAINT_NOTIFICATIONS", "ON"));
    await client.receives("+OK\r\n");
    return client;
  };
  const spread: Wire[] = [];
  for (let count = 0; count < 30; count++) spread.push(await connect(aster.port));
  const other = await connect(aster.ports[1]!);
  await Deno.writeTextFile(aster.configFile, textOf(aster.ports, 1, false));
  aster.process.signal("SIGHUP");
  // As nobody says how long they may stay, the longest time is told.
  assertMatch(await other.receivesUpTo(`${elsewhere}\r\n`), /MOVING\r\n:\d{10}\r\n:30\r\n/);
  await aster.logged(/Configuration reloaded/);
  // All go on being served, and those of the worker that goes are told.
  let toldCount = 0;
  await until(async () => {
    for (const client of spread) {
      await client.sends("PING\r\n");
      const told = await client.receivesUpTo("+PONG\r\n");
      if (told.includes(`127.0.0.1:${aster.port}\r\n`)) toldCount += 1;
      else assertEquals(told, "+PONG\r\n");
    }
    return toldCount > 0;
  }, { what: "clients are told" });
  assert(toldCount < spread.length, `${toldCount} of ${spread.length} were told`);
});

Deno.test("SIGQUIT, or a shutdown_timeout of 0, waits for nobody", async () => {
  for (const [signal, runtime] of [["SIGQUIT", ""], ["SIGTERM", "shutdown_timeout = 0"]] as const) {
    await using backend = await startFakeBackend({});
    await using aster = await startAster(
      configOf(backend.port, `drain_idle = 3600000\n${runtime}`),
    );
    await using client = await connectFakeClient(aster.port);
    await client.sends(request("GET", "a"));
    await (await backend.accepts()).receives(request("GET", "a"));
    aster.process.signal(signal);
    await client.receivesEnd();
    const ended = await withDeadline(aster.process.ended, "the proxy ends");
    assertEquals([ended.code, ended.signal], [0, null]);
    assert(/aster stops/.test(aster.logs()));
  }
});
