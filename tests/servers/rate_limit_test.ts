/**
 * `rate_limit` in front of real servers: what is beyond it fails at once and in its turn, over all workers, in each
 * protocol; others go on, and it costs no memory.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, PLAIN_PROGRAM, startAster } from "../support/servers/aster.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { reply, request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { readMetric } from "./metrics.ts";

const LIMITED = "ERR rate limited";

interface Wanted {
  port: number;
  server: string;
  limit: string;
  type?: "redis" | "memcache";
  keys?: string;
}

function textOf({ port, server, limit, type = "redis", keys = "" }: Wanted): string {
  return `[[clusters]]
name = "pool"
listen_addr = "[::]:${port}"
cache_type = "${type}"
servers = ["${server}"]
${limit === "" ? "" : `rate_limit = ${limit}`}
${keys}
`;
}

/** Its memory is looked at, which checks of its invariants would be a part of. */
async function startLimited(wanted: Omit<Wanted, "port">): Promise<Aster> {
  const options = { metrics: true, program: PLAIN_PROGRAM };
  return await startAster((port) => textOf({ ...wanted, port }), options);
}

async function reload(aster: Aster, wanted: Omit<Wanted, "port">): Promise<void> {
  const seen = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, textOf({ ...wanted, port: aster.port }));
  aster.process.signal("SIGHUP");
  await until(() => /Configuration reloaded/.test(aster.logs().slice(seen)), {
    what: "the reload",
  });
}

const isLimited = (value: unknown) => value instanceof RespError && value.message === LIMITED;

Deno.test("an address has its rate over all workers and connections, and another one is not touched", async () => {
  await using server = await startRedisServer();
  const limit = `{ per_second = 500, burst = 100, per = "address" }`;
  await using aster = await startLimited({ server: server.address, limit, keys: "thread = 2" });
  const opened: RespClient[] = [];
  const neighbour = await RespClient.connect({ hostname: "::1", port: aster.port });
  try {
    // Their own commands are not refused, but counted.
    const floods = await clientsOfBothWorkers(aster.port, opened);
    const memoryBefore = await readMetric(aster, "aster_memory_usage");
    const beganMs = performance.now();
    let [passed, refused, asked] = [0, 0, 0];
    const flood = async (client: RespClient) => {
      while (performance.now() - beganMs < 3_000) {
        const replies = await client.pipeline(
          Array.from({ length: 100 }, (_, index) => ["SET", `k${index}`, "v".repeat(100)]),
        );
        passed += replies.filter((one) => one === "OK").length;
        refused += replies.filter(isLimited).length;
        asked += replies.length;
      }
    };
    const ask = async () => {
      for (let count = 0; performance.now() - beganMs < 3_000; count++) {
        assertEquals(await neighbour.call("INCR", "n"), count + 1);
        // Fewer than the neighbour's own rate.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await Promise.all([...floods.map(flood), ask()]);
    const seconds = (performance.now() - beganMs) / 1000;
    assertEquals(passed + refused, asked);
    assert(passed <= 100 + 500 * seconds + 1, `${passed} passed in ${seconds} s`);
    assert(passed >= 500 * 2, `${passed} passed in ${seconds} s`);
    assert(refused > passed, `${refused} refused`);
    const grownKib = await readMetric(aster, "aster_memory_usage") - memoryBefore;
    assert(grownKib < 64 * 1024, `${grownKib} KiB`);
    assertEquals(
      await readMetric(aster, "aster_failures_total", 'reason="rate_limited"'),
      refused,
    );
    assertMatch(aster.logs(), /Requests are refused/);
  } finally {
    for (const client of [...opened, neighbour]) client.close();
  }
});

Deno.test("what only concerns the connection is not refused, and a transaction is whole or aborts", async () => {
  await using server = await startRedisServer();
  const limit = "{ per_second = 1, burst = 3 }";
  await using aster = await startLimited({ server: server.address, limit });
  using client = await RespClient.connect({ port: aster.port });
  const replies = await client.pipeline([
    ["SELECT", "3"],
    ["MULTI"],
    ["SET", "a", "1"],
    ["SET", "b", "2"],
    ["EXEC"],
    ["SET", "c", "3"],
    ["SELECT", "5"],
    ["CLIENT", "SETNAME", "me"],
    ["PING"],
    ["NOSUCH"],
  ]);
  assertEquals(replies.map(String), [
    "OK",
    "OK",
    "QUEUED",
    `RespError: ${LIMITED}`,
    "RespError: EXECABORT Transaction discarded because of previous errors.",
    `RespError: ${LIMITED}`,
    "OK",
    "OK",
    `RespError: ${LIMITED}`,
    `RespError: ${LIMITED}`,
  ]);
  assertEquals(await server.call("DBSIZE"), 0);
  // Another client has its own limit.
  using other = await RespClient.connect({ port: aster.port });
  assertEquals(await other.call("PING"), "PONG");
});

Deno.test("a reload sets, changes and ends a limit for those who are connected", async () => {
  await using server = await startRedisServer();
  const wanted = { server: server.address };
  await using aster = await startLimited({ ...wanted, limit: "" });
  using client = await RespClient.connect({ port: aster.port });
  const refused = async () => {
    const replies = await client.pipeline(Array.from({ length: 50 }, () => ["GET", "a"]));
    return replies.filter(isLimited).length;
  };
  assertEquals(await refused(), 0);
  await reload(aster, { ...wanted, limit: "{ per_second = 1, burst = 10 }" });
  assertEquals(await refused(), 40);
  await reload(aster, { ...wanted, limit: '{ per_second = 1, burst = 20, per = "cluster" }' });
  assertEquals(await refused(), 30);
  await reload(aster, { ...wanted, limit: "" });
  assertEquals(await refused(), 0);
});

Deno.test("each user has a rate, whatever its connections; who logs in is not refused", async () => {
  await using server = await startRedisServer();
  const limit = '{ per_second = 1, burst = 10, per = "user" }';
  const keys = `auth = { password = "p", users = [{ username = "app", password = "q" }] }`;
  await using aster = await startLimited({ server: server.address, limit, keys });
  const ask = async (...login: string[]) => {
    using client = await RespClient.connect({ port: aster.port });
    const strange = await client.pipeline(Array.from({ length: 30 }, () => ["GET", "a"]));
    assertEquals(strange.filter(isLimited).length, 0);
    await client.call("AUTH", ...login);
    const replies = await client.pipeline(Array.from({ length: 30 }, () => ["GET", "a"]));
    return replies.filter(isLimited).length;
  };
  const first = await ask("p");
  assert(first >= 19 && first <= 21, `${first}`);
  assert(await ask("p") >= 28);
  const other = await ask("app", "q");
  assert(other >= 19 && other <= 21, `${other}`);
});

/** What a client is answered to `text` until `end` has come. */
async function talk(port: number, text: string, end: string): Promise<string> {
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  await client.write(toBytes(text));
  let read = "";
  const bytes = new Uint8Array(4096);
  while (!read.endsWith(end)) {
    const count = await withDeadline(client.read(bytes), `${JSON.stringify(end)} arrives`);
    if (count === null) break;
    read += toText(bytes.slice(0, count));
  }
  return read;
}

Deno.test("memcache: lines, meta commands and packets are refused as they speak", async () => {
  await using server = await startMemcachedServer();
  const limit = "{ per_second = 1, burst = 2 }";
  await using aster = await startLimited({ server: server.address, limit, type: "memcache" });
  const { port } = aster;
  const ERROR = "SERVER_ERROR rate limited\r\n";
  assertEquals(
    await talk(
      port,
      "set a 0 0 1\r\nx\r\nget a\r\nget a\r\nset a 0 0 5\r\nget a\r\nset a 0 0 1 noreply\r\ny\r\nmn\r\n",
      "MN\r\n",
    ),
    `STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n${ERROR}${ERROR}MN\r\n`,
  );
  assertEquals(
    await talk(port, "ms a 1\r\nz\r\nmg a v\r\nmg a v\r\nmg a v q k Oxyz\r\nmn\r\n", "MN\r\n"),
    `HD\r\nVA 1\r\nz\r\n${ERROR}${ERROR}MN\r\n`,
  );
  const packets = [
    request({ operation: 0x0c, opaque: 1, key: "a" }),
    request({ operation: 0x11, opaque: 2, extras: "\0".repeat(8), key: "a", value: "new" }),
    request({ operation: 0x0d, opaque: 3, key: "a" }),
    request({ operation: 0x00, opaque: 4, key: "a" }),
    request({ operation: 0x0a, opaque: 5 }),
  ].join("");
  const noop = reply({ operation: 0x0a, opaque: 5 });
  const answer = await talk(port, packets, noop);
  const failed = (operation: number, opaque: number) =>
    reply({ operation, opaque, status: 0x86, value: "rate limited" });
  assertEquals(
    answer.slice(answer.indexOf(failed(0x0d, 3))),
    failed(0x0d, 3) + failed(0, 4) + noop,
  );
  assertEquals(await readMetric(aster, "aster_failures_total", 'reason="rate_limited"'), 7);
});
