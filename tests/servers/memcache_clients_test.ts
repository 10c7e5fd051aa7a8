import { assert, assertEquals, assertMatch, assertRejects, clientLibraries } from "../deps.ts";
import { withDeadline } from "../support/poll.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";

/** What the `memcached` library got from `port`, by the name of what it did. */
async function runLibrary(port: number): Promise<Record<string, unknown>> {
  const program = new URL("memcached_program.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unsafe-proto", decodeURIComponent(program), String(port)],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  return JSON.parse(decoder.decode(stdout));
}

let pool: MemcachePool;

Deno.test.beforeAll(async () => {
  pool = await startMemcachePool();
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test("the memcached library gets what it gets from a server", async () => {
  const results = await runLibrary(pool.aster.port);
  const expected = await runLibrary(pool.direct.port);
  assertEquals(results["get changed"], "renewer");
  assertEquals([results.incr, results.decr, results.cas], [8, 6, true]);
  assertEquals(results["get object"], { a: [1, "ü"] });
  assertEquals(Object.keys(results.many as object).length, 50);
  assertEquals(results.large, 500_000);
  // The server says its own version, and where it is.
  const [{ server, version }] = results.version as [Record<string, string>];
  assertEquals([server, version], [`127.0.0.1:${pool.aster.port}`, "1.5.22"]);
  assertEquals({ ...results, version: null }, { ...expected, version: null });
  for (const one of pool.servers) {
    assertMatch(await one.ask("stats\r\n", "END\r\n"), /STAT curr_items [1-9]/);
  }
});

Deno.test("memjs, which speaks the binary protocol, is told at once and closed", async () => {
  const { default: memjs } = await clientLibraries.memjs();
  const told: string[] = [];
  const client = memjs.Client.create(`127.0.0.1:${pool.aster.port}`, {
    logger: { log: (text: string) => told.push(text) },
  });
  await assertRejects(
    () => withDeadline(client.get("key"), "memjs is told"),
    Error,
    "Unknown command",
  );
  client.close();
  const { 0: line } = await pool.aster.logged(/"Client closed: its input cannot be understood".*/);
  assertMatch(line, /"reason":"memcache binary"/);
  assert(told.length > 0);
});

Deno.test("and the next client is served", async () => {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await connection.write(new TextEncoder().encode("set a 0 0 1\r\n1\r\nget a\r\nquit\r\n"));
  assertEquals(
    await withDeadline(new Response(connection.readable).text(), "the connection ends"),
    "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n",
  );
});

Deno.test("what a client sends before the end of its input is carried out, and answered", async () => {
  const large = "x".repeat(200_000);
  const scripts = [
    "set half 0 0 1\r\na\r\nget half other\r\ndelete half\r\nget half\r\n",
    `set half 0 0 ${large.length}\r\n${large}\r\n${"get half\r\n".repeat(40)}delete half\r\n`,
    "set half 0 0 1 noreply\r\nb\r\nget half\r\nset half 0 0 5\r\nab",
    `${"set half 0 0 1\r\nc\r\nget half\r\n".repeat(2000)}get ha`,
    "set half 0 0 1\r\nd\r\nquit\r\nget half\r\n",
    "nonsense\r\nget half\r\n",
  ];
  for (const script of scripts) {
    const replies: string[] = [];
    for (const port of [pool.direct.port, pool.aster.port]) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const reading = new Response(connection.readable).text();
      const bytes = new TextEncoder().encode(script);
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
      await connection.closeWrite().catch(() => {});
      replies.push(await withDeadline(reading, `the connection ends: ${script.slice(0, 80)}`));
    }
    assertEquals(replies[1], replies[0], script.slice(0, 200));
  }
});
