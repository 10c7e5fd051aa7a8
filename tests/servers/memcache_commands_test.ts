import { assert, assertEquals, assertMatch } from "../deps.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";
import { MemcacheText } from "./memcache_text.ts";

let pool: MemcachePool;

Deno.test.beforeAll(async () => {
  pool = await startMemcachePool();
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** All that comes back of what is sent, until the connection ends. */
async function untilEnd(request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await connection.write(new TextEncoder().encode(request));
  return await withDeadline(new Response(connection.readable).text(), "the connection ends");
}

Deno.test("a browser cannot write keys: what speaks HTTP is hung up on, unless memcached serves it", async () => {
  const evil = "set evil 0 0 4\r\npwnd\r\n";
  assertEquals(await untilEnd(`get a\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n${evil}`), "END\r\n");
  assertEquals(await untilEnd(`get evil HTTP/1.1\r\nquit\r\n`), "END\r\n");
});

Deno.test("times and flags go through as they are", async () => {
  using client = await MemcacheText.connect(pool.aster.port);
  const stored = await client.ask([
    "set t1 0 4294967295 1\r\nx\r\n",
    "set t2 4294967297 0 1\r\nx\r\n",
    "set t3 0 9223372036854775807 1\r\nx\r\n",
    "set t4 0 -2147483649 1\r\nx\r\n",
    "touch t2 4294967296\r\n",
  ]);
  assertEquals(stored, ["STORED", "STORED", "STORED", "STORED", "TOUCHED"]);
  const [values] = await client.ask(["get t1 t2 t3 t4\r\n"], "END\r\n");
  const direct = await pool.direct.ask(
    "set t1 0 4294967295 1 noreply\r\nx\r\nset t2 4294967297 0 1 noreply\r\nx\r\n" +
      "set t3 0 9223372036854775807 1 noreply\r\nx\r\nset t4 0 -2147483649 1 noreply\r\nx\r\n" +
      "get t1 t2 t3 t4\r\n",
    "END\r\n",
  );
  assertEquals(`${values}END\r\n`, direct);
});

Deno.test("lists of 200,000 keys are served, and lines that servers would not take", async () => {
  using client = await MemcacheText.connect(pool.aster.port);
  const keys = Array.from({ length: 200_000 }, (_, index) => `list:${index}`);
  const set = keys.filter((_, index) => index % 1000 === 0);
  await client.ask(set.map((key) => `set ${key} 0 0 1\r\nv\r\n`));
  const values = set.map((key) => `VALUE ${key} 0 1\r\nv\r\n`).join("");
  assertEquals(await client.ask([`get ${keys.join(" ")}\r\n`], "END\r\n"), [values]);
  const some = keys.slice(0, 3000);
  const [touched] = await client.ask([`gat 0 ${some.join(" ")}\r\n`], "END\r\n");
  assertEquals(touched!.split("VALUE").length - 1, 3);
  const spaces = " ".repeat(5000);
  assertEquals(
    await client.ask([`set${spaces}n 0 0 1\r\n5\r\n`, `incr n${spaces}1\r\n`, "version\r\n"]),
    ["STORED", "6", "VERSION 1.6.18"],
  );
});

Deno.test("stats are those of all servers, of one, or of the proxy", async () => {
  using client = await MemcacheText.connect(pool.aster.port);
  await client.ask(Array.from({ length: 30 }, (_, index) => `set s${index} 0 0 1\r\nx\r\n`));
  const itemsOf = (text: string) => Number(/STAT curr_items (\d+)/.exec(text)![1]);
  let sum = 0;
  for (const server of pool.servers) sum += itemsOf(await server.ask("stats\r\n", "END\r\n"));
  const [all] = await client.ask(["stats\r\n"], "END\r\n");
  assertEquals(itemsOf(all!), sum);
  const [proxy, slabs] = await client.ask(["stats proxy\r\n", "stats slabs m1\r\n"], "END\r\n");
  assertMatch(proxy!, /STAT cmd_total \d+\r\n/);
  assertMatch(slabs!, /STAT active_slabs \d+\r\n/);
  const names = (text: string) => text.split("\r\n").map((line) => line.split(" ")[1]);
  const direct = await pool.direct.ask("stats settings\r\n", "END\r\n");
  const [settings] = await client.ask(["stats settings\r\n"], "END\r\n");
  assertEquals(names(`${settings}END\r\n`), names(direct));
});

Deno.test("flush_all empties every server, also where no reply is wanted", async () => {
  using client = await MemcacheText.connect(pool.aster.port);
  const keys = Array.from({ length: 30 }, (_, index) => `f${index}`);
  const fill = () => client.ask(keys.map((key) => `set ${key} 0 0 1\r\nx\r\n`));
  const find = () => client.ask([`get ${keys.join(" ")}\r\n`], "END\r\n");
  await fill();
  assertEquals((await find())[0]!.split("VALUE").length - 1, 30);
  assertEquals(await client.ask(["flush_all\r\n", "verbosity 1\r\n"]), ["OK", "OK"]);
  assertEquals(await find(), [""]);
  await fill();
  assertEquals(await client.ask(["flush_all noreply\r\nversion\r\n"]), ["VERSION 1.6.18"]);
  assertEquals(await find(), [""]);
});

Deno.test("flush_all is OK only if it is at all servers", async () => {
  using client = await MemcacheText.connect(pool.aster.port);
  await pool.servers[1]!.kill();
  const [reply] = await client.ask(["flush_all\r\n"]);
  assertMatch(reply!, /^SERVER_ERROR backend /);
  const [stats] = await client.ask(["stats\r\n"], "END\r\n");
  assertMatch(stats!, /STAT unreachable:127\.0\.0\.1:\d+ /);
  assert(stats!.includes("STAT curr_items "));
  await pool.servers[1]!.start();
});

Deno.test("keys of a failed server are misses where that is wanted, in lists of keys only", async () => {
  await using lenient = await startMemcachePool({ keys: "failure_is_miss = true" });
  using client = await MemcacheText.connect(lenient.aster.port);
  const keys = Array.from({ length: 30 }, (_, index) => `m${index}`);
  await client.ask(keys.map((key) => `set ${key} 0 0 1\r\nx\r\n`));
  await lenient.servers[0]!.kill();
  const [some] = await client.ask([`get ${keys.join(" ")}\r\n`], "END\r\n");
  const found = some!.split("VALUE").length - 1;
  assert(found > 0 && found < 30, `${found} of 30 found`);
  const single = await client.ask(keys.map((key) => `get ${key}\r\n`), "END\r\n");
  assertEquals(single.filter((reply) => reply !== "").length, found);
  const touched = await client.ask(keys.map((key) => `touch ${key} 0\r\n`));
  assertEquals(touched.filter((reply) => reply === "TOUCHED").length, found);
  assertEquals(touched.filter((reply) => reply.startsWith("SERVER_ERROR")).length, 30 - found);
  // Without it the error is the whole answer.
  using strict = await MemcacheText.connect(pool.aster.port);
  await pool.servers[0]!.kill();
  const [error] = await strict.ask([`get ${keys.join(" ")}\r\n`]);
  assertMatch(error!, /^SERVER_ERROR backend /);
  await pool.servers[0]!.start();
});
