import { respDescriptions } from "../../src/protocol/resp/commands/mod.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RawClient, word } from "./raw_client.ts";
import { withoutModules } from "./hello_modules.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Commands whose replies are those of a server, byte by byte. */
const SAME = [
  ..."PING|PING hello|PING a b|PING \xff\r\n|ping|ECHO hi|ECHO \xff\0|ECHO|ECHO a b".split("|"),
  ..."SELECT|SELECT 0|SELECT 1|SELECT 00|SELECT -0|SELECT +1|SELECT -1|SELECT 16".split("|"),
  ..."SELECT abc|SELECT 2147483648|SELECT 99999999999999999999|SELECT 0 1".split("|"),
  ..."AUTH|AUTH x|AUTH default x|AUTH other x|AUTH a b c|READONLY|READONLY x|READWRITE".split("|"),
  ..."TIME x|RESET|RESET x|INFO nosuch".split("|"),
  ..."CLIENT|CLIENT ID x|CLIENT GETNAME|CLIENT GETNAME x|CLIENT SETNAME".split("|"),
  ..."CLIENT SETNAME foo|CLIENT SETNAME a\xe9b|CLIENT SETNAME a\nb|CLIENT setname A~".split("|"),
  ..."CLIENT NO-EVICT on|CLIENT NO-EVICT OFF|CLIENT NO-EVICT x|CLIENT NO-EVICT".split("|"),
  ..."CLIENT TRACKING|CLIENT TRACKING off|CLIENT TRACKING x|CLIENT TRACKINGINFO".split("|"),
  ..."CLIENT GETREDIR|CLIENT GETREDIR x|CLIENT CACHING yes|CLIENT CACHING".split("|"),
  ..."CLIENT LIST TYPE nosuch|CLIENT LIST TYPE|CLIENT LIST ID|CLIENT LIST ID x|CLIENT LIST ID 0"
    .split("|"),
  ..."CLIENT LIST x|CLIENT LIST TYPE pubsub|CLIENT LIST TYPE master|CLIENT INFO x".split("|"),
  ..."CLIENT KILL|CLIENT KILL 1.2.3.4:5|CLIENT KILL ID 0|CLIENT KILL ID x|CLIENT KILL ID".split(
    "|",
  ),
  ..."CLIENT KILL ID 99999|CLIENT KILL TYPE nosuch|CLIENT KILL ADDR 1.2.3.4:5".split("|"),
  ..."CLIENT KILL SKIPME maybe|CLIENT KILL x y|CLIENT KILL TYPE pubsub SKIPME yes".split("|"),
  ..."CLIENT PAUSE|CLIENT PAUSE x|CLIENT PAUSE -1|CLIENT PAUSE 1 x|CLIENT PAUSE x x".split("|"),
  ..."CLIENT PAUSE 0|CLIENT PAUSE 1 all|CLIENT pause 1 all x|CLIENT UNPAUSE|CLIENT UNPAUSE x"
    .split("|"),
  ..."CLIENT PAUSE 99999999999999999999|CLIENT PAUSE 1 write".split("|"),
  ..."CLIENT REPLY on|CLIENT REPLY x|CLIENT REPLY|CLIENT HELP x|CLIENT nosuch".split("|"),
  ...`CLIENT no\xffsuch|CLIENT no\r\nsuch|CLIENT no\0such a|CLIENT ${"x".repeat(200)}`.split("|"),
  ..."COMMAND COUNT x|COMMAND INFO nosuch|COMMAND LIST x|COMMAND LIST FILTERBY".split("|"),
  ..."COMMAND LIST FILTERBY MODULE x|COMMAND LIST FILTERBY PATTERN lpop*|COMMAND LIST FILTERBY MODULE|COMMAND DOCS nosuch|COMMAND HELP x|COMMAND nosuch"
    .split("|"),
  ..."COMMAND GETKEYS|COMMAND GETKEYS get|COMMAND GETKEYS get a|COMMAND GETKEYS get a b".split("|"),
  ..."COMMAND GETKEYS blpop a b 0|COMMAND GETKEYS blmpop 0 2 a b LEFT|COMMAND GETKEYS watch a b"
    .split("|"),
  ..."CLIENT UNBLOCK|CLIENT UNBLOCK x|CLIENT UNBLOCK 1 x|CLIENT UNBLOCK 99|CLIENT UNBLOCK 99 ERROR"
    .split("|"),
  ..."EXEC|DISCARD|UNWATCH|WATCH a|EXEC x".split("|"),
  ..."COMMAND GETKEYS mset a 1 b 2|COMMAND GETKEYS eval x 2 a b c|COMMAND GETKEYS eval x 0 a"
    .split("|"),
  ..."COMMAND GETKEYS mset a 1 b|COMMAND LIST FILTERBY ACLCAT nosuch".split("|"),
  "COMMAND INFO client|list",
  ..."COMMAND GETKEYS ping x|COMMAND GETKEYS nosuch x|COMMAND GETKEYS sort k store d".split("|"),
  ..."COMMAND GETKEYS zunionstore d 2 a b|COMMAND GETKEYS xread streams a b 0 0".split("|"),
  ..."HELLO 1|HELLO 4|HELLO 02|HELLO abc|HELLO 99999999999999999999|HELLO 3 AUTH".split("|"),
  ..."HELLO 3 AUTH default|HELLO 3 AUTH other x|HELLO 3 SETNAME|HELLO 3 SETNAME a\xe9b".split("|"),
  ..."HELLO 3 f\xffoo|HELLO 3 AUTH other x SETNAME a\xe9b|HELLO 2 SETNAME x foo".split("|"),
  ..."WAIT|WAIT 0|WAIT 0 0|WAIT 0 100|WAIT -1 0|WAIT x 0|WAIT 0 x|WAIT 0 -1|WAIT 0 1.5|WAIT 0 0 0"
    .split("|"),
  ..."SCAN -1|SCAN x|SCAN 0x0|SCAN --1|SCAN 0 COUNT x"
    .split("|"),
  ..."SCAN -1 COUNT 0|SCAN -18446744073709551616|SCAN 1 x|SCAN -1 x|SCAN -2".split("|"),
  ..."NOSUCH|NOSUCH a b|GET|GET a b|SET a|CLUSTER|CLUSTER SLOTS".split("|"),
];

/** A reply of the proxy's, and why it is not a server's. */
interface Difference {
  readonly reply: string;
  readonly reason: string;
  /** The servers, as `redis 7.0`, that answer the same. */
  readonly sameAt?: readonly string[];
}

/** What the proxy answers otherwise than a server: the reply, and why. */
const DIFFERENT: Record<string, Difference> = {
  "CLIENT SETINFO lib-name x": {
    reply: "+OK\r\n",
    reason: "7.2 has it, and libraries send it",
    sameAt: ["redis 8.2", "valkey 9.1"],
  },
  "CLIENT SETINFO LIB-VER 1": {
    reply: "+OK\r\n",
    reason: "7.2 has it, and libraries send it",
    sameAt: ["redis 8.2", "valkey 9.1"],
  },
  "CLIENT SETINFO foo 1": {
    reply: "-ERR Unrecognized option 'foo'\r\n",
    reason: "the words of 7.2",
    sameAt: ["redis 8.2", "valkey 9.1"],
  },
  "CLIENT SETINFO lib-name a\xe9": {
    reply: "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n",
    reason: "the words of 7.2",
    sameAt: ["redis 8.2", "valkey 9.1"],
  },
  "CLIENT NO-TOUCH on": {
    reply: "+OK\r\n",
    reason: "7.2 has it, and libraries send it",
    sameAt: ["redis 8.2", "valkey 9.1"],
  },
  "CLIENT TRACKING on": {
    reply: "-ERR CLIENT TRACKING ON is not supported: " +
      "invalidations cannot follow a client over shared connections\r\n",
    reason: "backend connections are shared",
  },
  [`CLIENT SETNAME ${"x".repeat(1025)}`]: {
    reply: "-ERR Client names cannot be longer than 1024 bytes.\r\n",
    reason: "what is kept of a client is bounded",
  },
  "CLUSTER nosuch": {
    reply: "-ERR This instance has cluster support disabled\r\n",
    reason: "nothing of CLUSTER is served here",
  },
  "WAIT 1 1": {
    reply: "-ERR 'wait' is not supported: " +
      "clients share the connections to servers, so it cannot count their writes\r\n",
    reason: "backend connections are shared",
  },
  "CONFIG GET save": {
    reply: "-ERR 'config' is not supported: it concerns the servers themselves; " +
      'send it to them, or set admin_commands = "forward"\r\n',
    reason: "servers may differ in it",
  },
};

function words(command: string): Uint8Array[] {
  return command.split(" ").map(word);
}

async function compare(version: 2 | 3): Promise<void> {
  const differences: Record<string, { direct: string; proxy: string }> = {};
  for (const command of SAME) {
    // Each on connections of its own, as some of them change what the next one would be told.
    using direct = await RawClient.connect(pool.direct.port, version);
    using proxy = await RawClient.connect(pool.aster.port, version);
    const expected = await direct.ask(words(command));
    assert(expected.length > 0, `no reply to ${command}`);
    const got = await proxy.ask(words(command));
    if (got !== expected) differences[command] = { direct: expected, proxy: got };
  }
  assertEquals(differences, {});
}

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool();
  await knowServers(pool.aster.port);
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test("commands answered here are answered as a server does, in RESP2", () => compare(2));
Deno.test("commands answered here are answered as a server does, in RESP3", () => compare(3));

Deno.test("commands answered here differ from a server's only where there is a reason", async () => {
  using direct = await RawClient.connect(pool.direct.port);
  using proxy = await RawClient.connect(pool.aster.port);
  for (const [command, { reply, reason, sameAt = [] }] of Object.entries(DIFFERENT)) {
    assertEquals(await proxy.ask(words(command)), reply, command);
    // What MULTI and REPLY OFF do to the connection must not stay.
    const directReply = await direct.ask(words(command), ["CLIENT", "REPLY", "ON"], ["RESET"]);
    const isSame = sameAt.includes(testedServer().series);
    assertEquals(directReply.startsWith(reply), isSame, `${command}: ${reason}`);
  }
});

Deno.test("HELLO says what a server says, but for the id", async () => {
  for (const request of ["HELLO", "HELLO 2", "HELLO 3", "HELLO 3 AUTH default x SETNAME me"]) {
    using direct = await RawClient.connect(pool.direct.port);
    using proxy = await RawClient.connect(pool.aster.port);
    const id = /(\$2\r\nid\r\n):\d+/;
    const expected = (await direct.ask(words(request))).replace(id, "$1:?");
    assertMatch(expected, /^(\*14|%7)\r\n\$6\r\nserver\r\n\$\d\r\n(redis|valkey)\r\n/);
    assertEquals(
      (await proxy.ask(words(request))).replace(id, "$1:?"),
      withoutModules(expected),
    );
  }
});

Deno.test("a name stays until RESET, and RESET goes back to RESP2", async () => {
  using client = await RawClient.connect(pool.aster.port);
  await client.ask(["HELLO", "3", "SETNAME", "me"]);
  assertEquals(await client.ask(["CLIENT", "GETNAME"]), "$2\r\nme\r\n");
  assertEquals(await client.ask(["GET", "nothing"]), "_\r\n");
  assertEquals(await client.ask(["RESET"]), "+RESET\r\n");
  assertEquals(await client.ask(["CLIENT", "GETNAME"], ["GET", "nothing"]), "$-1\r\n$-1\r\n");
  assertEquals(
    await client.ask(["CLIENT", "SETNAME", "it"], ["CLIENT", "SETNAME", ""]),
    "+OK\r\n+OK\r\n",
  );
  assertEquals(await client.ask(["CLIENT", "GETNAME"]), "$-1\r\n");
});

Deno.test("every client has an id of its own", async () => {
  using one = await RawClient.connect(pool.aster.port);
  using other = await RawClient.connect(pool.aster.port, 3);
  const ids = [await one.ask(["CLIENT", "ID"]), await other.ask(["CLIENT", "ID"])];
  for (const id of ids) assertMatch(id, /^:[1-9]\d{0,15}\r\n$/);
  assertEquals(await one.ask(["client", "id"]), ids[0]);
  assert(ids[0] !== ids[1]);
});

Deno.test("TIME is the machine's, in seconds and microseconds", async () => {
  using client = await RawClient.connect(pool.aster.port);
  const [, seconds, microseconds] = /^\*2\r\n\$10\r\n(\d+)\r\n\$\d\r\n(\d+)\r\n$/
    .exec(await client.ask(["TIME"]))!;
  assert(Math.abs(Number(seconds) + Number(microseconds) / 1e6 - Date.now() / 1000) < 2);
  assert(Number(microseconds) < 1_000_000);
});

Deno.test("COMMAND describes what is served, as a server describes it", async () => {
  for (const version of [2, 3] as const) {
    using direct = await RawClient.connect(pool.direct.port, version);
    using proxy = await RawClient.connect(pool.aster.port, version);
    const [, count] = /^:(\d+)\r\n$/.exec(await proxy.ask(["COMMAND", "COUNT"]))!;
    assert(Number(count) > 150);
    const list = await proxy.ask(["COMMAND", "LIST"]);
    const all = await proxy.ask(["COMMAND"]);
    assert(all.startsWith(`*${count}\r\n*10\r\n`));
    assertEquals(await proxy.ask(["COMMAND", "INFO"]), all);
    // Name, arity and the places of keys are a server's own, for every command served.
    const names = [...list.matchAll(/\$\d+\r\n(.*)\r\n/g)].map((match) => match[1]!)
      .filter((name) => !respDescriptions.get(name)!.since && !name.includes("|"));
    assertEquals(
      [...list.matchAll(/\r\n([a-z_]+)(?=\r\n)/g)].length,
      Number(count),
    );
    assertEquals(
      rows(await proxy.ask(["COMMAND", "INFO", ...names])),
      rows(await direct.ask(["COMMAND", "INFO", ...names])),
    );
  }
});

Deno.test("QUIT is answered, and then the connection ends", async () => {
  for (const version of [2, 3] as const) {
    using client = await RawClient.connect(pool.aster.port, version);
    assertEquals(
      await client.askUntilClosed(["SET", "a", "1"], ["GET", "a"], ["QUIT"], ["GET", "a"]),
      "+OK\r\n$1\r\n1\r\n+OK\r\n",
    );
  }
});

Deno.test("HELP names each subcommand", async () => {
  using client = await RawClient.connect(pool.aster.port);
  assertMatch(
    await client.ask(["COMMAND", "HELP"]),
    /^\*\d+\r\n\+COMMAND <subcommand> .*\r\n[^]*\+COUNT\r\n[^]*\+HELP\r\n\+ {4}Prints? this help\.\r\n$/,
  );
  assertMatch(await client.ask(["CLIENT", "HELP"]), /^\*\d+\r\n\+CLIENT <subcommand> /);
});

/** Name, arity, first key, last key and step of each command that COMMAND describes. */
function rows(reply: string): string[] {
  const pattern =
    /\*10\r\n\$\d+\r\n([^\s|]+)\r\n:(-?\d+)\r\n[*~]\d+\r\n(?:\+\S+\r\n)*((?::-?\d+\r\n){3})/g;
  return [...reply.matchAll(pattern)].map(([, name, arity, keys]) =>
    `${name} ${arity} ${keys!.replaceAll("\r\n", " ")}`
  );
}
