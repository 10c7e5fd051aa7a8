import { assertEquals, assertMatch, clientLibraries } from "../deps.ts";
import { TEST_LOCK } from "../../tasks/test_lock.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";

/** What the `memcached` library got from `port`, by the name of what it did. */
async function runLibrary(port: number): Promise<Record<string, unknown>> {
  const program = new URL("memcached_program.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      // What is downloaded the first time is no output of the program.
      ...["run", "--quiet", "-A", TEST_LOCK, "--unsafe-proto"],
      ...[decodeURIComponent(program), String(port)],
    ],
    cwd: new URL("../../", import.meta.url),
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
  assertEquals([server, version], [`127.0.0.1:${pool.aster.port}`, "1.6.18"]);
  assertEquals({ ...results, version: null }, { ...expected, version: null });
  for (const one of pool.servers) {
    assertMatch(await one.ask("stats\r\n", "END\r\n"), /STAT total_items [1-9]/);
  }
});

/** What the `memjs` library got from `port`, by what it did. */
async function useMemjs(port: number): Promise<Record<string, unknown>> {
  const { default: memjs } = await clientLibraries.memjs();
  const client = memjs.Client.create(`127.0.0.1:${port}`, { logger: { log: () => {} } });
  const results: Record<string, unknown> = {};
  const note = async (name: string, made: () => Promise<unknown>) => {
    const result = await withDeadline(made(), name).catch((error) => `error: ${error.message}`);
    const { value } = (result ?? {}) as { value?: Uint8Array | null };
    results[name] = value instanceof Uint8Array ? new TextDecoder().decode(value) : result;
  };
  await note("set", () => client.set("text", "zwölf", { expires: 100 }));
  await note("get", () => client.get("text"));
  await note("get nothing", () => client.get("nothing"));
  await note("add", () => client.add("text", "other", { expires: 100 }));
  await note("replace", () => client.replace("text", "new", { expires: 100 }));
  await note("replace nothing", () => client.replace("nothing", "new", { expires: 100 }));
  await note("append", () => client.append("text", "er"));
  await note("prepend", () => client.prepend("text", "re"));
  await note("get changed", () => client.get("text"));
  await note("increment", () => client.increment("number", 3, { initial: 5, expires: 100 }));
  await note("increment again", () => client.increment("number", 3, { initial: 5 }));
  await note("decrement", () => client.decrement("number", 2, { initial: 5 }));
  await note("touch", () => client.touch("text", 100));
  await note("touch nothing", () => client.touch("nothing", 100));
  await note("delete", () => client.delete("text"));
  await note("delete again", () => client.delete("text"));
  await note("set large", () => client.set("large", "x".repeat(500_000), {}));
  await note("large", async () => (await client.get("large")).value!.length);
  await note("too large", () => client.set("large", "x".repeat(2_000_000), {}));
  await note(
    "many",
    () => Promise.all(Array.from({ length: 50 }, (_, index) => client.set(`k${index}`, "v", {}))),
  );
  await note("flush", async () => Object.values(await client.flush() as object));
  await note("get flushed", () => client.get("number"));
  client.close();
  return results;
}

Deno.test("memjs, which speaks the binary protocol, gets what it gets from a server", async () => {
  const results = await useMemjs(pool.aster.port);
  assertEquals(results.large, 500_000);
  assertEquals(results, await useMemjs(pool.direct.port));
});

Deno.test("libmemcached finds all that a server can do, in lines and in packets", async () => {
  for (const port of [pool.aster.port, pool.direct.port]) {
    const { code, stdout, stderr } = await new Deno.Command("memccapable", {
      args: ["-h", "127.0.0.1", "-p", String(port)],
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals([code, text.split("[pass]").length - 1], [0, 54], text);
  }
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
