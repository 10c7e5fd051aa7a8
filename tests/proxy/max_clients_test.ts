/**
 * A cluster has as many clients as `max_clients` allows, whichever of its workers they come to; one more is told so.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { startFakeBackend } from "../support/fakes/fake_backend.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const decoder = new TextDecoder();

/** What the proxy says unasked to a new client before it closes it; "" if it resets the connection instead. */
async function sayingOf(port: number): Promise<string> {
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = new Response(client.readable).bytes().catch(() => new Uint8Array());
  return decoder.decode(await withDeadline(bytes, "it is closed"));
}

Deno.test("one more client than max_clients is told so and closed, and a reload changes how many", async () => {
  await using backend = await startFakeBackend();
  const textOf = ([pool, cache]: readonly number[], clientsMax: number) => `
[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${pool}"
cache_type = "redis"
thread = 2
max_clients = ${clientsMax}
servers = ["127.0.0.1:${backend.port}:1 r"]

[[clusters]]
name = "cache"
listen_addr = "127.0.0.1:${cache}"
cache_type = "memcache"
thread = 1
max_clients = 1
servers = ["127.0.0.1:${backend.port}:1 m"]
`;
  await using aster = await startAster((...ports) => textOf(ports, 8), {
    metrics: true,
    portCount: 2,
  });
  const [pool, cache] = aster.ports as [number, number];
  const join = async () => {
    const client = await RespClient.connect({ port: pool });
    const reply = await client.call("PING").catch(String);
    return { client, isIn: reply === "PONG", reply };
  };
  // Some of them come to each of the two workers, which count together.
  const inside = await Promise.all(Array.from({ length: 8 }, join));
  assertEquals(inside.filter(({ isIn }) => isIn).length, 8);
  const FULL = "-ERR max number of clients reached\r\n";
  for (let tries = 0; tries < 8; tries++) assertEquals(await sayingOf(pool), FULL);
  assertEquals(await inside[0]!.client.call("PING"), "PONG");
  inside[1]!.client[Symbol.dispose]();
  await until(async () => {
    const { client, isIn } = await join();
    if (!isIn) client[Symbol.dispose]();
    else inside[1] = { client, isIn, reply: "" };
    return isIn;
  }, { what: "the place of one that left is taken" });
  assertEquals(await sayingOf(pool), FULL);
  const seen = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, textOf(aster.ports, 9));
  aster.process.signal("SIGHUP");
  await until(() => /Configuration reloaded/.test(aster.logs().slice(seen)), {
    what: "the reload",
  });
  const ninth = await join();
  assertEquals([ninth.isIn, await sayingOf(pool)], [true, FULL]);
  using _client = await Deno.connect({ hostname: "127.0.0.1", port: cache });
  await until(async () => await sayingOf(cache) === "ERROR Too many open connections\r\n", {
    what: "the only place of the other cluster is taken",
  });
  const metrics = await (await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`)).text();
  assertMatch(metrics, /^aster_failures_total\{[^}]*reason="client_limit"[^}]*\} [1-9]/m);
  for (const { client } of [...inside, ninth]) client[Symbol.dispose]();
});

Deno.test("one more client of an address than max_clients_per_address is told so; other addresses have theirs", async () => {
  await using backend = await startFakeBackend();
  const textOf = ([pool, cache]: readonly number[], limit: number) =>
    [[pool, "redis"], [cache, "memcache"]].map(([port, type]) => `
[[clusters]]
name = "${type}"
listen_addr = "[::]:${port}"
cache_type = "${type}"
thread = 2
max_clients_per_address = ${limit}
servers = ["127.0.0.1:${backend.port}:1 r"]
`).join("");
  await using aster = await startAster((...ports) => textOf(ports, 6), {
    metrics: true,
    portCount: 2,
  });
  const [pool, cache] = aster.ports as [number, number];
  await using owned = new AsyncDisposableStack();
  const join = async (hostname: string) => {
    const client = owned.use(await RespClient.connect({ hostname, port: pool }));
    return { client, reply: await client.call("PING").catch(String) };
  };
  const all = async (hostname: string) => {
    const joined = await Promise.all(Array.from({ length: 6 }, () => join(hostname)));
    return joined.map(({ reply }) => reply);
  };
  const IN = Array<string>(6).fill("PONG");
  const FULL = "-ERR max number of clients of this address reached\r\n";
  const first = await join("127.0.0.1");
  for (let count = 0; count < 5; count++) assertEquals((await join("127.0.0.1")).reply, "PONG");
  for (let tries = 0; tries < 8; tries++) assertEquals(await sayingOf(pool), FULL);
  assertEquals(await all("::1"), IN);
  // A place that is left is another's.
  first.client.close();
  await until(async () => (await join("127.0.0.1")).reply === "PONG", { what: "a place" });
  assertEquals(await sayingOf(pool), FULL);
  const seen = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, textOf(aster.ports, 7));
  aster.process.signal("SIGHUP");
  await until(() => /Configuration reloaded/.test(aster.logs().slice(seen)), {
    what: "the reload",
  });
  assertEquals([(await join("127.0.0.1")).reply, await sayingOf(pool)], ["PONG", FULL]);
  for (let count = 0; count < 7; count++) {
    const client = owned.use(await Deno.connect({ hostname: "127.0.0.1", port: cache }));
    await client.write(new TextEncoder().encode("quux\r\n"));
    await withDeadline(client.read(new Uint8Array(16)), "it is served");
  }
  assertEquals(await sayingOf(cache), "ERROR Too many open connections of this address\r\n");
  const metrics = await (await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`)).text();
  for (const cluster of ["redis", "memcache"]) {
    const pattern = `^aster_failures_total\\{cluster="${cluster}",reason="client_address_limit"`;
    assertMatch(metrics, new RegExp(`${pattern}[^}]*\\} [1-9]`, "m"));
  }
});
