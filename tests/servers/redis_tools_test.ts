import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a tool of Redis against `port`, with `input` on its standard input. */
async function run(tool: string, port: number, args: string[], input = ""): Promise<Ended> {
  const child = new Deno.Command(tool, {
    args: ["-p", String(port), ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

let pool: RedisPool;

const cli = (args: string[], input?: string) => run("redis-cli", pool.aster.port, args, input);

Deno.test.beforeAll(async () => {
  pool = await startRedisPool();
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test("the tools work: redis-cli with one command", async () => {
  assertEquals(await cli(["SET", "a", "1"]), { code: 0, stdout: "OK\n", stderr: "" });
  assertEquals((await cli(["-3", "GET", "a"])).stdout, "1\n");
  assertEquals(
    (await cli(["-2", "--no-raw", "MGET", "a", "nothing"])).stdout,
    '1) "1"\n2) (nil)\n',
  );
  assertEquals((await cli(["-e", "LPUSH", "a", "x"])).code, 1);
});

Deno.test("the tools work: redis-cli with commands on its input", async () => {
  const { code, stdout } = await cli([], 'SET b "two words"\nGET b\nSELECT 0\nPING\nGET a\n');
  assertEquals([code, stdout], [0, "OK\ntwo words\nOK\nPONG\n1\n"]);
});

Deno.test("the tools work: redis-cli --pipe", async () => {
  const requests = Array.from(
    { length: 5000 },
    (_, index) => `*3\r\n$3\r\nSET\r\n$8\r\n${10_000_000 + index}\r\n$4\r\nbulk\r\n`,
  );
  const { code, stdout } = await cli(["--pipe"], requests.join(""));
  assertEquals(code, 0);
  assertMatch(stdout, /errors: 0, replies: 5000\n$/);
  const counts = await Promise.all(pool.servers.map((server) => server.call("DBSIZE")));
  assert(counts.map(Number).reduce((sum, count) => sum + count) >= 5000);
});

Deno.test("the tools work: redis-cli --eval", async () => {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  await Deno.writeTextFile(script, "return {KEYS[1], ARGV[1]}");
  assertEquals((await cli(["--eval", script, "key", ",", "value"])).stdout, "key\nvalue\n");
  await Deno.remove(script);
});

for (const options of [["-P", "16"], ["-3", "-P", "4"], ["-d", "2000"]]) {
  Deno.test(`the tools work: redis-benchmark ${options.join(" ")}, without an error`, async () => {
    const tests = "ping_inline,ping_mbulk,set,get,incr,lpush,lrange_100,sadd,hset,zadd,mset";
    const { code, stdout, stderr } = await run("redis-benchmark", pool.aster.port, [
      ...["-n", "2000", "-r", "1000", "-t", tests, "--csv"],
      ...options,
    ]);
    // It asks for CONFIG first and goes on without.
    assertEquals([code, stderr.trim()], [0, "WARNING: Could not fetch server CONFIG"]);
    const rows = stdout.trim().split("\n").slice(1);
    assertEquals(rows.length, 12, stdout);
    for (const row of rows) assertMatch(row, /^"[^"]+","[1-9][\d.]*",/);
  });
}

Deno.test("nothing the tools did is worth a warning", () => {
  assertEquals(pool.aster.logs().match(/"level":"(WARN|ERROR).*/g), null);
});
