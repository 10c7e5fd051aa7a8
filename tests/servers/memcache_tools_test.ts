/**
 * The programs of libmemcached (`memccp`, `memccat`, …) at the proxy and at a server of its own: the same output
 * and the same exit code, in lines and in packets.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";

/** What one run of a program gave. */
interface Outcome {
  code: number;
  output: string;
  errors: string;
}

/** Runs `tool` for the server at `port`; the port reads `PORT` in what it says. */
async function runTool(port: number, tool: string, ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(tool, {
    args: [`--servers=127.0.0.1:${port}`, ...args],
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).replaceAll(String(port), "PORT");
  return { code, output: text(stdout), errors: text(stderr) };
}

const DIALECTS: [string, string[]][] = [["lines", []], ["packets", ["--binary"]]];

let pool: MemcachePool;
/** A directory with one file for each key that `memccp` stores. */
let directory: string;
const KEYS = Array.from({ length: 12 }, (_, index) => `tool-key-${index}`);

Deno.test.beforeAll(async () => {
  pool = await startMemcachePool();
  directory = await Deno.makeTempDir({ prefix: "aster-tools-" });
  await Promise.all(
    KEYS.map((key, index) => Deno.writeTextFile(`${directory}/${key}`, `value ${index}\n`)),
  );
});

Deno.test.afterAll(async () => {
  await Deno.remove(directory, { recursive: true });
  await pool[Symbol.asyncDispose]();
});

/** Checks that the proxy gives what the server gives, and gives it back. */
async function same(tool: string, ...args: string[]): Promise<Outcome> {
  const direct = await runTool(pool.direct.port, tool, ...args);
  assertEquals(await runTool(pool.aster.port, tool, ...args), direct, `${tool} ${args.join(" ")}`);
  return direct;
}

for (const [name, dialect] of DIALECTS) {
  Deno.test(`memccp, memccat, memcexist, memctouch and memcrm in ${name}`, async () => {
    const files = KEYS.map((key) => `${directory}/${key}`);
    assertEquals((await same("memcflush", ...dialect)).code, 0);
    assertEquals((await same("memccp", ...dialect, "--set", ...files)).code, 0);
    await same("memccp", ...dialect, "--add", files[0]!);
    await same("memccp", ...dialect, "--replace", files[1]!);
    const read = await same("memccat", ...dialect, ...KEYS);
    assertEquals(read.output.split("value ").length - 1, KEYS.length, read.output);
    await same("memccat", ...dialect, "--flags", KEYS[0]!);
    await same("memccat", ...dialect, "nothing");
    for (const key of [KEYS[0]!, "nothing"]) {
      await same("memcexist", ...dialect, key);
      await same("memctouch", ...dialect, "--expire=100", key);
      await same("memcrm", ...dialect, key);
      await same("memcrm", ...dialect, key);
      await same("memcexist", ...dialect, key);
    }
    await same("memcping", ...dialect);
  });

  Deno.test(`memcstat in ${name} shows what a server shows`, async () => {
    const [direct, proxied] = await Promise.all(
      [pool.direct.port, pool.aster.port].map((port) => runTool(port, "memcstat", ...dialect)),
    ) as [Outcome, Outcome];
    assertEquals([proxied.code, proxied.errors], [direct.code, direct.errors]);
    const names = ({ output }: Outcome) =>
      output.split("\n").map((line) => /^\s+(\w+):/.exec(line)?.[1]).filter(Boolean);
    const missing = names(direct).filter((one) => !names(proxied).includes(one));
    assert(names(direct).length > 30, direct.output);
    assertEquals(missing, []);
  });

  Deno.test(`memcslap in ${name} loads and reads without an error`, async () => {
    for (const test of ["set", "get", "mget"]) {
      const args = [...dialect, `--test=${test}`, "--concurrency=4", "--execute-number=200"];
      const [direct, proxied] = await Promise.all(
        [pool.direct.port, pool.aster.port].map((port) => runTool(port, "memcslap", ...args)),
      ) as [Outcome, Outcome];
      assertEquals([proxied.code, proxied.errors], [direct.code, direct.errors], test);
    }
  });
}

Deno.test("memcdump lists the keys of all servers", async () => {
  assertEquals((await same("memcflush")).code, 0);
  const files = KEYS.map((key) => `${directory}/${key}`);
  assertEquals((await same("memccp", "--set", ...files)).code, 0);
  // A server lists the keys that it has already moved to its oldest, which it does when it comes to it.
  const listed = async (port: number) => {
    const { code, output, errors } = await runTool(port, "memcdump");
    assertEquals([code, errors], [0, ""]);
    return output.split("\n").filter((line) => line.startsWith("tool-key-"));
  };
  await until(async () => {
    const proxied = await listed(pool.aster.port);
    const own = await Promise.all(pool.servers.map(({ port }) => listed(port)));
    const several = own.filter((keys) => keys.length > 0).length > 1;
    return several && String(proxied.sort()) === String(own.flat().sort());
  }, { what: "the proxy lists what its servers list", intervalMs: 200 });
});
