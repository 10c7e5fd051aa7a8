import { isTool, runTool } from "../../src/cli_tools.ts";
import { loadConfig } from "../../src/config/load.ts";
import { assertEquals, assertMatch } from "../deps.ts";
import { CHECK_OPTIONS } from "./config/load_text.ts";

interface Ran {
  isDone: boolean;
  out: string[];
  err: string[];
}

const RING = `[[clusters]]
name = "ring"
listen_addr = "127.0.0.1:7000"
cache_type = "memcache"
servers = ["10.0.0.1:11211:1", "10.0.0.2:11211:1"]

[[clusters]]
name = "any"
listen_addr = "127.0.0.1:7001"
cache_type = "redis"
distribution = "random"
servers = ["10.0.0.1:1:1", "10.0.0.2:1:1"]
`;

const UNEVEN = RING.replace('"memcache"', '"redis"\nhash = "crc32"').replace(
  '["10.0.0.1:11211:1", "10.0.0.2:11211:1"]',
  JSON.stringify(["10.0.0.1:1:1", ...Array.from({ length: 5 }, (_, i) => `10.0.0.${i + 2}:1:1`)]),
);

const files: Record<string, string> = {
  "uneven.toml": UNEVEN,
  "ring.toml": RING,
  "bad.toml": "[[clusters]]\n",
  "pools.yml": "p:\n  listen: 127.0.0.1:1\n  redis: true\n  timeout: 1\n  servers: [ 'h:1:1' ]\n",
  "pools": "p:\n  listen: 127.0.0.1:1\n  timeout: 1\n  servers: [ 'h:1:1' ]\n",
  "predixy.conf": "ClusterServerPool {\n  Servers {\n    + h:1\n  }\n}\n",
  "wrong.conf": "A {\n",
  "wrong.yml": "p:\n  listen: nowhere\n  timeout: 1\n",
};

async function run(...words: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const isDone = await runTool(words, {
    readText: (file) => {
      if (files[file] === undefined) throw new Error(`${file}: there is no such file`);
      return files[file];
    },
    load: (text, file) => loadConfig(text, file, CHECK_OPTIONS),
    describe: ({ clusters }) => clusters.map(({ name }) => name),
    inputLines: async function* () {
      yield* ["a", "b"];
      await Promise.resolve();
    },
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  return { isDone, out, err };
}

Deno.test("only the names of sub-commands are sub-commands", () => {
  assertEquals(["check", "route", "import", "./check", "x", undefined].map(isTool), [
    ...[true, true, true, false, false, false],
  ]);
});

Deno.test("check says which servers get far more or fewer keys than their weights say", async () => {
  const { isDone, err } = await run("check", "uneven.toml");
  assertEquals([isDone, err.length], [true, 2], err.join("\n"));
  assertMatch(
    err[0]!,
    /^warning: uneven\.toml: clusters\[0\]\.hash = "crc32": nearly all keys get/,
  );
  assertMatch(
    err[1]!,
    /^warning: cluster "ring": .* shows: \S+ gets 100 % instead of 17 %, \S+ gets 0 % instead of 17 %, .*, and 3 more;/,
  );
});

Deno.test("check says what would run, and where twemproxy and aster 1.x place keys differently", async () => {
  const { isDone, out, err } = await run("check", "ring.toml");
  assertEquals([isDone, out, err.length], [true, ["ring", "any"], 1]);
  assertMatch(
    err[0]!,
    /^warning: cluster "ring": .* place \d+ % .*"twemproxy" keeps those of twem/,
  );
  assertEquals((await run("check", "bad.toml")).isDone, false);
  assertEquals((await run("check", "none.toml")).err, ["error: none.toml: there is no such file"]);
  assertEquals((await run("check")).isDone, false);
  assertEquals((await run("check", "--fast", "ring.toml")).isDone, false);
});

Deno.test("route says where keys live, those of standard input where none is named", async () => {
  const named = await run("route", "ring.toml", "ring", "a", "--odd");
  assertEquals(named.isDone, true);
  assertMatch(named.out.join("\n"), /^a\t10\.0\.0\.\d:11211\t\S+\n--odd\t10\.0\.0\.\d:11211\t\S+$/);
  assertEquals((await run("route", "ring.toml", "ring")).out.map((line) => line[0]), ["a", "b"]);
  const misspelt = await run("route", "ring.toml", "rin", "a");
  assertEquals([misspelt.isDone, misspelt.err[0]], [
    false,
    'aster: ring.toml has no cluster "rin"; it has ring',
  ]);
  assertMatch((await run("route", "ring.toml", "any", "a")).err[0]!, /have no server of their own/);
  assertEquals((await run("route", "ring.toml")).isDone, false);
});

Deno.test("import tells the files of twemproxy and of predixy apart, and says what is left to mend", async () => {
  assertMatch((await run("import", "pools.yml")).out[0]!, /cache_type = "redis"/);
  assertMatch((await run("import", "pools")).out[0]!, /cache_type = "memcache"/);
  assertMatch((await run("import", "predixy.conf")).out[0]!, /cache_type = "redis_cluster"/);
  assertEquals((await run("import", "wrong.conf")).err, [
    "error: wrong.conf: line 1: this scope is not closed",
  ]);
  const wrong = await run("import", "wrong.yml");
  assertEquals(wrong.isDone, true);
  assertMatch(wrong.err.join("\n"), /# to mend: result: clusters\[0\]\.listen_addr/);
  assertEquals((await run("import")).isDone, false);
});
