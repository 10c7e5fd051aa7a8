/**
 * COMMAND beside a real redis-server 7.0: what the proxy says of each command that it serves is what the server says,
 * field by field.
 *
 * @module
 */
import { CLUSTER_CHANGES } from "../../src/protocol/resp/commands/reasons.ts";
import { respDescriptions } from "../../src/protocol/resp/commands/mod.ts";
import { assert, assertEquals } from "../deps.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { randomRequest } from "../support/tools/random_request.ts";
import { scaled, seededRandom } from "../support/tools/seed.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { splitReplies } from "../differential/replies.ts";
import { RawClient } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ serverCount: 1, keys: 'admin_commands = "forward"' });
  await knowServers(pool.aster.port);
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** What COMMAND INFO says of one command, in RESP2. */
type Description = [
  name: string,
  arity: number,
  flags: string[],
  firstKey: number,
  lastKey: number,
  keyStep: number,
  categories: string[],
  tips: string[],
  keySpecifications: unknown[][],
  subcommands: Description[],
];

/** Fields that the proxy leaves out of key specifications: what they say is for people. */
const LEFT_OUT = "notes";

/** Commands of which the two say something else, and why. */
const DIFFERENT: Record<string, string> = {
  cluster: "only what one node of all slots can answer is served",
  ...(testedServer().product === "valkey"
    ? {
      client:
        "IMPORT-SOURCE concerns one server; CAPA, NO-TOUCH and SETINFO are served, and not told",
      script: "SHOW is not served",
    }
    : {}),
  ...(testedServer().series === "redis 8.2"
    ? { client: "NO-TOUCH and SETINFO are served, and not told" }
    : {}),
};

/** A description without order where there is none, and without {@link LEFT_OUT}. */
function comparable(description: Description): unknown[] {
  const specifications = description[8].map((fields) =>
    fields[0] === LEFT_OUT ? fields.slice(2) : fields
  );
  const subcommands = description[9].map(comparable)
    .sort((one, other) => String(one[0]) < String(other[0]) ? -1 : 1);
  const tips = description[7].toSorted();
  return [...description.slice(0, 7), tips, specifications, subcommands];
}

Deno.test("every field of every command and subcommand is the server's", async () => {
  using proxy = await RespClient.connect({ port: pool.aster.port });
  using direct = await RespClient.connect({ port: pool.direct.port });
  const served = (await proxy.call("COMMAND") as unknown[][]).map(([name]) => String(name));
  // What came later is served, and not told.
  const subcommands = [...respDescriptions].filter(([name, { route }]) =>
    name.includes("|") && route.reason !== CLUSTER_CHANGES && !isLater(name)
  ).map(([name]) => name);
  const names = [...served, ...subcommands];
  const theirs = await direct.call("COMMAND", "INFO", ...names) as (unknown[] | null)[];
  const ours = await proxy.call("COMMAND", "INFO", ...names) as unknown[][];
  let comparedCount = 0;
  for (const [index, name] of names.entries()) {
    const expected = theirs[index];
    if (!expected || name in DIFFERENT) continue;
    comparedCount += 1;
    assertEquals(
      comparable(ours[index] as Description),
      comparable(expected as Description),
      name,
    );
  }
  assert(comparedCount > 300, `${comparedCount} compared`);
});

Deno.test("what is told differently is of the families that are listed", async () => {
  using proxy = await RespClient.connect({ port: pool.aster.port });
  using direct = await RespClient.connect({ port: pool.direct.port });
  for (const name of Object.keys(DIFFERENT)) {
    const [ours] = await proxy.call("COMMAND", "INFO", name) as Description[];
    const [theirs] = await direct.call("COMMAND", "INFO", name) as Description[];
    assertEquals(ours!.slice(0, 9), theirs!.slice(0, 9));
    const known = new Set(theirs![9].map(([subcommand]) => subcommand));
    assert(ours![9].length < known.size && ours![9].every(([own]) => known.has(own)), name);
  }
});

/** Requests whose keys are asked for. */
const REQUESTS = [
  ..."SET a b|SET a b GET|SET a b EX 10 GET|SET a|GET|NOSUCH a b c|PING x|EVAL s 0|EVAL s 1 a"
    .split("|"),
  ..."EVAL s 2 a|EVAL s x a|EVAL s -1 a|FCALL f 1 a|FCALL f x a|ZUNION 0 a|ZUNION 2 a".split("|"),
  ..."ZUNION 1 a|ZUNIONSTORE d 2 a b|ZUNIONSTORE d 0 a b|SINTERCARD 1 a LIMIT 2".split("|"),
  ..."GEORADIUS g 1 2 3 km STORE x STOREDIST y|GEORADIUS g 1 2 3 km".split("|"),
  ..."GEORADIUSBYMEMBER g m 3 km STORE x|SORT a STORE b|SORT a|SORT_RO a BY x".split("|"),
  ..."SORT a BY x GET y STORE b STORE c|SORT a LIMIT STORE 1 STORE d|MIGRATE h 1 a 0 10".split("|"),
  ..."MIGRATE h 1 a 0 10 COPY REPLACE|XREAD STREAMS a b 0 0|XREAD STREAMS a|XREAD COUNT 2 a"
    .split("|"),
  ..."XREAD COUNT 2 STREAMS a 0|XREAD STREAMS a b 0|XREADGROUP GROUP g c STREAMS a >".split("|"),
  ..."MSET a 1 b|MSET a 1 b 2|SPUBLISH a b|PUBLISH a b|SUBSCRIBE a|SSUBSCRIBE a".split("|"),
  ..."BITFIELD a GET u8 0|BITFIELD a SET u8 0 1|BITFIELD a INCRBY u8 0 1|BITFIELD_RO a".split("|"),
  ..."OBJECT ENCODING a|OBJECT ENCODING a b|OBJECT HELP|CLIENT ID|CLIENT ID x|LCS a b".split("|"),
  ..."BLPOP a b 0|MEMORY USAGE a|WATCH a b|LMPOP 1 a LEFT|LMPOP 2 a LEFT|BLMPOP 0 1 a LEFT"
    .split("|"),
  ..."BZMPOP 0 x a LEFT|XINFO STREAM a|XGROUP CREATE a g 0|CONFIG GET a|COPY a b|RENAME a b"
    .split("|"),
  ..."OBJECT x a|CLIENT x|MEMORY x a|BITFIELD a GET u8|BITFIELD a OVERFLOW WRAP GET u8 0".split(
    "|",
  ),
  ..."BITFIELD a FOO|BITFIELD a GET u8 0 OVERFLOW|SORT k STORE STORE x|SORT k STORE".split("|"),
  ..."GEORADIUS k 1 2 3 km STORE|GEORADIUS k 1 2 STORE x|GEORADIUS k STORE 1 2 km x y".split("|"),
  ..."MIGRATE h 1 a 0 10 KEYS b|MIGRATE h 1 a 0 10 KEYS|MIGRATE h 1 a 0 10 AUTH keys".split("|"),
  ..."MIGRATE h 1 a 0 10 AUTH2 u keys KEYS b|XREAD COUNT STREAMS STREAMS a 0".split("|"),
  ..."DEL a b c|BITOP AND d a b|PFMERGE d a|LMOVE a b LEFT RIGHT|EXISTS a|KEYS x|SCAN 0".split("|"),
];

for (const version of [2, 3] as const) {
  Deno.test(`GETKEYS and GETKEYSANDFLAGS are a server's, in RESP${version}`, async () => {
    using proxy = await RawClient.connect(pool.aster.port, version);
    using direct = await RawClient.connect(pool.direct.port, version);
    for (const subcommand of ["GETKEYS", "GETKEYSANDFLAGS"]) {
      for (const request of REQUESTS) {
        const words = ["COMMAND", subcommand, ...request.split(" ")];
        assertEquals(await proxy.ask(words), await direct.ask(words), words.join(" "));
      }
      const migrate = ["COMMAND", subcommand, ..."MIGRATE h 1  0 10 COPY KEYS a b".split(" ")];
      assertEquals(await proxy.ask(migrate), await direct.ask(migrate));
    }
  });

  Deno.test(`INFO, DOCS and LIST have a server's types, in RESP${version}`, async () => {
    using proxy = await RawClient.connect(pool.aster.port, version);
    using direct = await RawClient.connect(pool.direct.port, version);
    for (
      const line of [
        "INFO get",
        "INFO client|list",
        "INFO xread nosuch",
        "INFO zunionstore georadius",
        "DOCS get",
        "DOCS nosuch",
        "DOCS get client|list",
        "LIST FILTERBY PATTERN getd*",
        "LIST FILTERBY ACLCAT nosuch",
        "LIST FILTERBY ACLCAT",
      ]
    ) {
      const words = ["COMMAND", ...line.split(" ")];
      assertEquals(await proxy.ask(words), await direct.ask(words), line);
    }
  });
}

Deno.test("the keys of random requests of every command are the server's", async () => {
  const random = seededRandom("GETKEYS of every command");
  using proxy = await RawClient.connect(pool.aster.port);
  using direct = await RawClient.connect(pool.direct.port);
  let comparedCount = 0;
  for (const { name, arity, subcommands, keySearch } of respDescriptions.values()) {
    if (isLater(name) || subcommands.length > 0 || keySearch === null) continue;
    const requests = Array.from({ length: scaled(40) }, () => {
      return ["COMMAND", "GETKEYSANDFLAGS", ...randomRequest(random, name, arity)];
    });
    const [ours, theirs] = await Promise.all([proxy.ask(...requests), direct.ask(...requests)]);
    const [our, their] = [splitReplies(ours), splitReplies(theirs)];
    for (const [index, words] of requests.entries()) {
      assertEquals(our[index], their[index], words.join(" "));
      comparedCount += 1;
    }
  }
  assert(comparedCount > 5_000, `${comparedCount} compared`);
});

Deno.test("the commands of a category are the server's, but for those that the proxy refuses", async () => {
  using proxy = await RawClient.connect(pool.aster.port);
  using direct = await RawClient.connect(pool.direct.port);
  for (const category of ["read", "string", "HASH", "fast", "blocking", "transaction", "geo"]) {
    const words = ["COMMAND", "LIST", "FILTERBY", "ACLCAT", category];
    const [theirs, ours] = [await direct.ask(words), await proxy.ask(words)].map(namesIn);
    assertEquals(
      ours!.filter((name) => !theirs!.includes(name) && !isLater(name)),
      [],
      category,
    );
    const refused = /^(asking|wait|role|restore-asking|client\|.*|cluster\|.*|pf(debug|selftest))$/;
    assertEquals(theirs!.filter((name) => !ours!.includes(name) && !refused.test(name)), []);
  }
});

function namesIn(reply: string): string[] {
  assertEquals(splitReplies(reply).length, 1);
  return reply.split("\r\n").filter((line) => /^[a-z]/.test(line));
}

Deno.test("every kind of reply that a server can give is passed on byte by byte", async () => {
  for (const version of [2, 3] as const) {
    using proxy = await RawClient.connect(pool.aster.port, version);
    using direct = await RawClient.connect(pool.direct.port, version);
    const kinds = ["string", "integer", "double", "null", "array", "set", "map", "attrib"];
    for (const kind of [...kinds, "verbatim", "true", "false", "bignum"]) {
      const commands = [["DEBUG", "PROTOCOL", kind], ["GET", "none"]];
      const theirs = await direct.ask(...commands);
      assertEquals(await proxy.ask(...commands), theirs, kind);
    }
  }
});

/** Whether a command came later than the oldest servers of the tests. */
function isLater(name: string): boolean {
  return respDescriptions.get(name)!.since !== null;
}
