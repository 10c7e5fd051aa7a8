/**
 * CLIENT beside a real server: the fields of its lines, its filters, errors and HELP.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RawClient, word } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ serverCount: 2 });
  await knowServers(pool.aster.port);
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** Fields that differ from one connection to the next, or that the proxy has nothing of. */
const OWN_FIELDS = new Set([
  ...["id", "addr", "laddr", "fd", "age", "idle", "qbuf", "qbuf-free", "argv-mem", "multi-mem"],
  ...["rbs", "rbp", "obl", "oll", "omem", "tot-mem", "events"],
  ...["tot-net-in", "tot-net-out", "tot-cmds"],
]);
/** Behind the fields of a server's: what Redis has from 7.2 on, and libraries set. */
const LIBRARY_FIELDS = ["lib-name", "lib-ver"];

/** The fields that the server has too. */
function comparable(fields: readonly [string, string][]): [string, string][] {
  if (testedServer().product === "valkey") return [...fields];
  return fields.filter(([name]) => !LIBRARY_FIELDS.includes(name));
}

/** The fields of a line of CLIENT LIST or INFO, the last one of a reply that may hold several replies. */
function fieldsOf(reply: string): [string, string][] {
  const line = reply.split("\n").findLast((candidate) => candidate.includes("id="))!;
  return line.slice(line.indexOf("id=")).trim().split(" ")
    .map((field) => field.split("=", 2) as [string, string]);
}

/** What is said of a client that has sent these commands. */
async function lineAfter(port: number, commands: readonly string[], version: 2 | 3) {
  using client = await RawClient.connect(port, version);
  return fieldsOf(await client.ask(...commands.map((line) => line.split(" ").map(word))));
}

Deno.test("a line has a server's fields in its order, and its values where there are such", async () => {
  const sessions = [
    ["CLIENT INFO"],
    ["CLIENT LIST"],
    ["client list", "CLIENT SETNAME me", "SELECT 3", "CLIENT INFO"],
    ["CLIENT NO-EVICT on", "CLIENT INFO"],
    ["CLIENT NO-EVICT on", "RESET", "CLIENT INFO"],
    ["CLIENT NO-EVICT on", "CLIENT NO-EVICT off", "CLIENT INFO"],
    ["CLIENT CAPA redirect", "RESET", "CLIENT INFO"],
    ["CLIENT SETNAME me", "RESET", "CLIENT INFO"],
    ["NOSUCH", "CLIENT INFO"],
  ];
  for (const version of [2, 3] as const) {
    for (const session of sessions) {
      const [expected, got] = await Promise.all([
        lineAfter(pool.direct.port, session, version),
        lineAfter(pool.aster.port, session, version),
      ]);
      const names = comparable(got).map(([name]) => name);
      assertEquals(names, expected.map(([name]) => name));
      const [theirs, ours] = [expected, got].map((fields) =>
        comparable(fields).filter(([name]) => !OWN_FIELDS.has(name))
      );
      assertEquals(ours, theirs, session.join("|"));
      for (const name of LIBRARY_FIELDS) assert(got.some(([field]) => field === name), name);
      for (const [name, value] of got) {
        if (OWN_FIELDS.has(name)) assertMatch(value, /^(\d+|rw?|127\.0\.0\.1:\d+)$/, name);
      }
    }
  }
});

/** What another client is told of one that is in a state in which it cannot ask. */
async function lineOf(port: number, commands: readonly string[], wanted: RegExp) {
  using client = await RawClient.connect(port);
  const [id] = /\d+/.exec(await client.ask(["CLIENT", "ID"]))!;
  await client.send(...commands.map((line) => line.split(" ").map(word)));
  using other = await RawClient.connect(port);
  for (let round = 0; round < 2_000; round++) {
    const line = await other.ask(["CLIENT", "LIST", "ID", id]);
    if (wanted.test(line)) return fieldsOf(line).filter(([name]) => !OWN_FIELDS.has(name));
  }
  throw new Error(`never ${wanted}: ${await other.ask(["CLIENT", "LIST", "ID", id])}`);
}

Deno.test("a line says what a client waits for, is subscribed to, and has queued", async () => {
  const states: readonly (readonly [string[], RegExp])[] = [
    [["SUBSCRIBE a b", "PSUBSCRIBE c*"], / sub=2 psub=1 .* cmd=psubscribe /],
    [["BLPOP nothing 0"], / flags=b .* cmd=blpop /],
    [["XREAD BLOCK 0 STREAMS nothing $"], / flags=b .* cmd=xread /],
    [["MULTI", "GET a"], / flags=x .* multi=1 .* cmd=get /],
    [["WATCH a", "MULTI"], / flags=x .* multi=0 .* cmd=multi /],
    [["SET a 1"], / cmd=set /],
  ];
  for (const [commands, wanted] of states) {
    const expected = await lineOf(pool.direct.port, commands, wanted);
    const got = await lineOf(pool.aster.port, commands, wanted);
    assertEquals(comparable(got), comparable(expected), String(commands));
  }
});

Deno.test("what a client does not take shows in its line", async () => {
  using reader = await RawClient.connect(pool.aster.port);
  const [id] = /\d+/.exec(await reader.ask(["CLIENT", "ID"]))!;
  using writer = await RawClient.connect(pool.aster.port);
  await writer.ask(["SET", "large", "x".repeat(8 * 1024 * 1024)]);
  await reader.send(...Array.from({ length: 4 }, () => ["GET", "large"]));
  for (let round = 0; round < 2_000; round++) {
    const line = await writer.ask(["CLIENT", "LIST", "ID", id]);
    const [, kept] = / omem=(\d+) tot-mem=\d+ events=rw /.exec(line) ?? [];
    if (Number(kept) > 1024 * 1024) return;
  }
  throw new Error(`omem does not grow: ${await writer.ask(["CLIENT", "LIST", "ID", id])}`);
});

/** Requests whose replies are a server's own, in one session each. */
const SAME = [
  "CLIENT KILL USER nobody|CLIENT KILL USER nobody x|CLIENT KILL user x y z|CLIENT KILL USER a\xe9",
  "CLIENT KILL TYPE x y z|CLIENT KILL SKIPME no x|CLIENT KILL SKIPME x y|CLIENT KILL LADDR 1.1.1.1:1",
  "CLIENT KILL TYPE master|CLIENT KILL TYPE slave SKIPME no|CLIENT KILL USER default TYPE pubsub",
  "CLIENT KILL ID 999999 TYPE normal ADDR 1.2.3.4:5 LADDR 1.2.3.4:6 USER default SKIPME yes",
  "CLIENT LIST TYPE normal x",
  "CLIENT LIST TYPE replica|CLIENT LIST TYPE slave|CLIENT LIST nosuch x",
  "CLIENT TRACKING off OPTIN|CLIENT TRACKING off BCAST PREFIX a|CLIENT TRACKING x PREFIX",
  "CLIENT TRACKING off REDIRECT 999999|CLIENT TRACKING off REDIRECT x|CLIENT TRACKING off PREFIX",
  "CLIENT TRACKING on OPTIN OPTOUT|CLIENT TRACKING on PREFIX a|CLIENT TRACKING on BCAST OPTIN",
  "CLIENT TRACKING off nosuch|CLIENT TRACKING on nosuch|CLIENT TRACKING off OPTIN OPTOUT NOLOOP",
  "CLIENT TRACKINGINFO|CLIENT TRACKINGINFO x|CLIENT GETREDIR|CLIENT CACHING maybe|CLIENT CACHING",
  "CLIENT NO-EVICT|CLIENT NO-EVICT x|CLIENT NO-EVICT on x|CLIENT REPLY|CLIENT REPLY x",
  "CLIENT GETNAME|CLIENT SETNAME a b|CLIENT SETNAME \x7f|CLIENT SETNAME x|CLIENT GETNAME",
  "CLIENT UNBLOCK x TIMEOUT|CLIENT UNBLOCK -1|CLIENT UNBLOCK 0 ERROR|CLIENT nosuch",
  "CLIENT PAUSE 0 write x|CLIENT PAUSE 0 reads|CLIENT PAUSE 1.5|CLIENT UNBLOCK 1 2 3",
  "CLIENT KILL ID 0 x|CLIENT KILL ID x|CLIENT KILL ID -1|CLIENT KILL ID 3 x 5|CLIENT KILL TYPE",
  "CLIENT LIST ID 1 2 x|CLIENT LIST ID -1|CLIENT LIST ID 0 0|CLIENT CAPA x|CLIENT LIST TYPE x y",
  "HELLO 3 SETNAME kept x|CLIENT GETNAME|HELLO 2 SETNAME a\xe9 SETNAME b|CLIENT GETNAME",
  "HELLO 3 SETNAME kept AUTH other x|CLIENT GETNAME",
];

Deno.test("filters, options, arities and errors are a server's", async () => {
  for (const version of [2, 3] as const) {
    for (const session of SAME) {
      using direct = await RawClient.connect(pool.direct.port, version);
      using proxy = await RawClient.connect(pool.aster.port, version);
      for (const command of session.split("|")) {
        const words = command.split(" ").map(word);
        assertEquals(await proxy.ask(words), await direct.ask(words), command);
      }
    }
  }
});

Deno.test("KILL by a user closes that user's clients, as at a server", async () => {
  for (const port of [pool.direct.port, pool.aster.port]) {
    using killed = await RawClient.connect(port);
    const [id] = /\d+/.exec(await killed.ask(["CLIENT", "ID"]))!;
    using other = await RawClient.connect(port);
    assertEquals(await other.ask(["CLIENT", "KILL", "USER", "default", "ID", id]), ":1\r\n");
    assertEquals(await killed.askUntilClosed(), "");
    assertEquals(await other.ask(["PING"]), "+PONG\r\n");
  }
});

/** What a server's HELP has, and the proxy does not serve. */
const UNSERVED_LINES =
  /CAPA <capa>|specified capa\.|^\+IMPORT-SOURCE|import source if import-mode|Sync tools can set|expired keys\./;

Deno.test("HELP has each line of a server's, in its order", async () => {
  using direct = await RawClient.connect(pool.direct.port);
  using proxy = await RawClient.connect(pool.aster.port);
  const linesOf = (reply: string) => reply.split("\r\n").filter((line) => line.startsWith("+"));
  const got = linesOf(await proxy.ask(["CLIENT", "HELP"]));
  let from = 0;
  for (const line of linesOf(await direct.ask(["CLIENT", "HELP"]))) {
    if (UNSERVED_LINES.test(line)) continue;
    const at = got.indexOf(line, from);
    assert(at >= from, `not there, or not in its place: ${line}`);
    from = at + 1;
  }
});

Deno.test("before a login HELLO with a name is answered as a server answers it", async () => {
  await using guarded = await startRedisPool({
    serverCount: 1,
    keys: 'password = "secret"',
  });
  const direct = guarded.direct;
  await direct.call("CONFIG", "SET", "requirepass", "secret");
  await knowServers(guarded.aster.port, ["secret"]);
  const sessions = [
    "HELLO 3 SETNAME foo|AUTH secret|CLIENT GETNAME",
    "HELLO 3 SETNAME a\xe9|AUTH secret|CLIENT GETNAME",
    "HELLO 3 SETNAME foo x|AUTH secret|CLIENT GETNAME",
    "HELLO 3 AUTH default secret SETNAME a\xe9|PING",
    "HELLO 3 SETNAME a SETNAME b AUTH default secret x|CLIENT GETNAME",
  ];
  for (const session of sessions) {
    const [expected, got] = await Promise.all([direct.port, guarded.aster.port].map((port) => {
      return RawClient.connect(port).then(async (client) => {
        const commands = session.split("|").map((line) => line.split(" ").map(word));
        const reply = await client.askUntilClosed(...commands, ["QUIT"]);
        client[Symbol.dispose]();
        return reply;
      });
    }));
    assertEquals(got, expected, session);
  }
});
