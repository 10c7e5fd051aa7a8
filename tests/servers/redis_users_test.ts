/**
 * Limited users in front of real servers: decisions are those of a server that has the same rules, and no command of
 * the catalogue reaches a foreign key.
 *
 * @module
 */
import { respDescriptions } from "../../src/protocol/resp/commands/mod.ts";
import { CATEGORIES } from "../../src/protocol/resp/commands/categories.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RespClient, type RespValue } from "../support/clients/resp_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";
import { sampleRequests } from "./sample_requests.ts";

/** A user, in the words of the file and of ACL SETUSER. */
interface SameUser {
  readonly name: string;
  readonly keys: string;
  readonly rules: string;
}

/** Rules of commands alone, which both have in the same words. */
const RULES = [
  "-@all +@read -keys +get",
  "+@all -@dangerous -@scripting",
  "+@all -config +config|get -client|list",
  "+get +select|0 +@hash -hgetall +object|encoding",
  "+@all -@all +@pubsub +ping",
  "+@all -set +@write",
];

function ofRules(rules: string, index: number): SameUser {
  const list = rules.split(" ").map((rule) => `"${rule}"`).join(", ");
  return { name: `rules${index}`, keys: `commands = [${list}]`, rules: `~* &* ${rules}` };
}

const USERS: readonly SameUser[] = [
  ...RULES.map(ofRules),
  ...CATEGORIES.map((category, index) => ofRules(`-@all +${category}`, 100 + index)),
  {
    name: "keys",
    keys:
      'commands = ["@all"], key_patterns = ["app:*", "one?"], channel_patterns = ["app:*"], scripts = true',
    rules: "~app:* ~one? &app:* +@all",
  },
  {
    name: "uses",
    keys:
      'commands = ["@all"], key_patterns = ["%R~app:*", "%W~other"], channel_patterns = ["*"], scripts = true',
    rules: "%R~app:* %W~other &* +@all",
  },
  {
    name: "mixed",
    keys:
      'commands = ["@all"], key_patterns = ["%R~app:*", "%W~one?", "~oth*"], channel_patterns = ["app:*"], scripts = true',
    rules: "%R~app:* %W~one? ~oth* &app:* +@all",
  },
];

const LOCKED = "locked";
const LINES = USERS.map(({ name, keys }) => `{ username = "${name}", password = "p", ${keys} }`);
const AUTH = `auth = { password = "main", users = [${LINES.join(", ")},
{ username = "${LOCKED}", password = "p", key_patterns = ["app:*"] }] }
admin_commands = "forward"
`;

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ serverCount: 2, keys: AUTH });
  await knowServers(pool.aster.port, ["main"]);
  for (const { name, rules } of USERS) {
    await pool.direct.call(
      "ACL",
      "SETUSER",
      name,
      "on",
      ">p",
      "resetchannels",
      ...rules.split(" "),
    );
  }
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function connectAs(user: string, port = pool.aster.port): Promise<RespClient> {
  const client = await RespClient.connect({ port });
  await client.call("AUTH", user, user === "default" ? "main" : "p");
  return client;
}

/** What the proxy does not serve anyway: of some its records have no flags. */
function isServed(name: string): boolean {
  const { route } = respDescriptions.get(name)!;
  const family = respDescriptions.get(name.split("|")[0]!)!.route;
  return [route, family].every(({ reason, flags }) => reason === null || flags !== 0);
}

/** Why the proxy denies to users with key patterns what a server lets them do. */
function isStricter(name: string): boolean {
  const { keys, flags, categories, states, route, channels } = respDescriptions.get(name)!;
  if (channels === "unnamed" || channels === "all_asked") return true;
  const isAdministration = categories.includes("@admin") || route.flags !== 0;
  const isApart = categories.some((category) =>
    /^@(connection|transaction|pubsub|scripting)$/.test(category)
  );
  return keys.length === 0 &&
    (flags.includes("readonly") || flags.includes("write") || isAdministration ||
      !(isApart || states.includes("keyless") || name.endsWith("|help")));
}

Deno.test({
  name: "every decision on every command is that of a server with the same rules",
  // Categories are those of this version.
  ignore: testedServer().product !== "redis",
  async fn() {
    using proxy = await connectAs("default");
    using direct = await RespClient.connect({ port: pool.direct.port });
    const differences: string[] = [];
    let compared = 0;
    let stricter = 0;
    for (const { name, rules } of USERS) {
      for (const key of ["app:1", "other"]) {
        const requests = sampleRequests(key).filter(({ command }) =>
          command.since === null && isServed(command.name)
        );
        const lines = requests.map(({ words }) => ["ACL", "DRYRUN", name, ...words]);
        const theirs = await direct.pipeline(lines);
        const ours = await proxy.pipeline(lines);
        for (const [index, { command, words }] of requests.entries()) {
          compared += 1;
          if (String(ours[index]) === String(theirs[index])) continue;
          const mayDiffer = /[~&]/.test(rules.replace("~* &*", "")) && isStricter(command.name) &&
            theirs[index] === "OK";
          if (mayDiffer) stricter += 1;
          else {differences.push(
              `${rules}: ${words.join(" ")}: ${ours[index]}, not ${theirs[index]}`,
            );}
        }
      }
    }
    assertEquals(differences, []);
    console.log(`decisions compared: ${compared}, stricter with key patterns: ${stricter}`);
    assert(compared > 10_000, `${compared} compared`);
  },
});

/** Requests of several keys, `K` in the places of keys and channels. */
const MANY_KEYS = [
  ..."MSET K v K v|MSETNX K v K v|MGET K K K|DEL K K|EXISTS K K|TOUCH K K|WATCH K K|UNLINK K".split(
    "|",
  ),
  ..."COPY K K|RENAME K K|SMOVE K K m|RPOPLPUSH K K|LMOVE K K LEFT RIGHT|BLMOVE K K LEFT RIGHT 0"
    .split("|"),
  ..."ZUNIONSTORE K 2 K K|ZUNION 2 K K|ZINTERCARD 2 K K|SINTERCARD 2 K K LIMIT 1|SINTERSTORE K K K"
    .split("|"),
  ..."ZRANGESTORE K K 0 1|ZDIFF 1 K WITHSCORES|SDIFF K K|BITOP AND K K K|PFMERGE K K|LCS K K".split(
    "|",
  ),
  ..."GEOSEARCHSTORE K K FROMLONLAT 1 1 BYRADIUS 1 km|GEORADIUS K 1 2 3 km STORE K STOREDIST K"
    .split("|"),
  ..."SORT K STORE K|SORT K LIMIT 0 1 STORE K STORE K|SORT K BY nosort|SORT_RO K LIMIT STORE 1"
    .split("|"),
  ..."LMPOP 2 K K LEFT|BLMPOP 0 2 K K LEFT|ZMPOP 2 K K MIN|BZMPOP 0 1 K MIN|BLPOP K K 0|BZPOPMIN K 0"
    .split("|"),
  ..."XREAD COUNT 1 STREAMS K K 0 0|XREADGROUP GROUP g c STREAMS K K > >|XREAD BLOCK 1 STREAMS K 0"
    .split("|"),
  ..."EVAL s 2 K K a|EVAL_RO s 1 K K|EVALSHA s 0 K|FCALL f 2 K K|MIGRATE h 1  0 10 KEYS K K".split(
    "|",
  ),
  ..."SET K v|SET K v GET|SET K v EX 10 GET|GETSET K v|GETDEL K|GETEX K|BITFIELD K GET u8 0".split(
    "|",
  ),
  ..."BITFIELD K GET u8 0 SET u8 0 1|BITFIELD_RO K GET u8 0|OBJECT FREQ K|MEMORY USAGE K|TYPE K|TTL K"
    .split("|"),
  ..."SUBSCRIBE K K|PSUBSCRIBE K K|SSUBSCRIBE K|PUBLISH K x|SPUBLISH K x|UNSUBSCRIBE K|XGROUP CREATE K g 0"
    .split("|"),
];
const KEYS = ["app:1", "other", "one1", "app:*"];
const KEY_USERS = USERS.filter(({ rules }) => rules.includes("~app:"));

/** The requests with all combinations of keys, the first key moving fastest. */
function combinations(line: string): string[][] {
  const words = line.split(" ");
  const places = words.flatMap((word, index) => word === "K" ? [index] : []);
  return Array.from(
    { length: KEYS.length ** places.length },
    (_, number) =>
      words.map((word, index) => {
        const place = places.indexOf(index);
        return place < 0 ? word : KEYS[Math.floor(number / KEYS.length ** place) % KEYS.length]!;
      }),
  );
}

Deno.test({
  name: "requests of several keys, every combination: the same decisions",
  // Specifications are those of this version.
  ignore: testedServer().product !== "redis",
  async fn() {
    using proxy = await connectAs("default");
    using direct = await RespClient.connect({ port: pool.direct.port });
    const differences: string[] = [];
    let compared = 0;
    for (const { name } of KEY_USERS) {
      const lines = MANY_KEYS.flatMap(combinations).map((
        words,
      ) => ["ACL", "DRYRUN", name, ...words]);
      const theirs = await direct.pipeline(lines);
      const ours = await proxy.pipeline(lines);
      for (const [index, words] of lines.entries()) {
        compared += 1;
        if (String(ours[index]) === String(theirs[index])) continue;
        differences.push(`${words.slice(2).join(" ")}: ${ours[index]}, not ${theirs[index]}`);
      }
    }
    assertEquals(differences, []);
    console.log(`decisions compared: ${compared}`);
  },
});

/** Foreign keys of every type; their names and values have this word, which no allowed reply has. */
const FOREIGN = "foreign";

async function seedForeignKeys(client: RespClient): Promise<void> {
  for (
    const line of [
      `SET ${FOREIGN}:string ${FOREIGN}-value`,
      `SET ${FOREIGN} ${FOREIGN}-value`,
      `RPUSH ${FOREIGN}:list ${FOREIGN}-value`,
      `SADD ${FOREIGN}:set ${FOREIGN}-value`,
      `ZADD ${FOREIGN}:sorted 1 ${FOREIGN}-value`,
      `HSET ${FOREIGN}:hash field ${FOREIGN}-value`,
      `XADD ${FOREIGN}:stream 1-1 field ${FOREIGN}-value`,
      `SET app:1 own`,
    ]
  ) {
    await client.call(...line.split(" "));
  }
}

/** What all servers have, key by key. */
async function contents(): Promise<string[]> {
  const found: string[] = [];
  for (const server of pool.servers) {
    for (const key of (await server.call("KEYS", "*") as string[]).sort()) {
      if (key.includes(FOREIGN)) found.push(`${key} ${await server.call("TYPE", key)}`);
    }
    found.push(String(await server.call("DEBUG", "DIGEST-VALUE", ...FOREIGN_KEYS)));
  }
  return found;
}
const FOREIGN_KEYS = ["", ":string", ":list", ":set", ":sorted", ":hash", ":stream"]
  .map((suffix) => FOREIGN + suffix);

function textOf(value: RespValue): string {
  return value instanceof Error ? value.message : JSON.stringify(value);
}

Deno.test("no command of the catalogue reaches a foreign key", async () => {
  using main = await connectAs("default");
  await seedForeignKeys(main);
  const before = await contents();
  const reached: string[] = [];
  const denied = new Map<string, number>();
  let sent = 0;
  for (const key of FOREIGN_KEYS) {
    for (const { words } of sampleRequests(key)) {
      // What ends or changes the connection has one of its own, and so has whatever comes behind.
      using client = await connectAs(LOCKED);
      const [reply] = await client.pipeline([[...words]]).catch((error) => [String(error)]);
      sent += 1;
      const text = textOf(reply!);
      const code = text.split(" ")[0]!;
      denied.set(code, (denied.get(code) ?? 0) + 1);
      // Some replies repeat the client's own words.
      const names = FOREIGN_KEYS.filter((name) => !words.includes(name));
      const isTold = text.includes(`${FOREIGN}-value`) ||
        names.some((name) => text.includes(`"${name}"`));
      if (isTold) reached.push(`${words.join(" ")}: ${text}`);
    }
    // Inside a transaction, too.
    using client = await connectAs(LOCKED);
    await client.call("MULTI");
    const lines = sampleRequests(key).filter(({ command }) => hasPlainKeys(command.name));
    const queued = await client.pipeline(lines.map(({ words }) => [...words]));
    for (const [index, reply] of queued.entries()) {
      if (textOf(reply) === '"QUEUED"') reached.push(`MULTI ${lines[index]!.words.join(" ")}`);
    }
    assertMatch(textOf((await client.pipeline([["EXEC"]]))[0]!), /^EXECABORT/);
  }
  assertEquals(reached, []);
  assertEquals(await contents(), before);
  assertEquals(await main.call("GET", "app:1"), "own");
  console.log(`requests: ${sent}, ${[...denied].filter(([, count]) => count > 30).join("; ")}`);
});

function hasPlainKeys(name: string): boolean {
  return respDescriptions.get(name)!.keys.some(({ flags }) => !flags.includes("not_key"));
}

Deno.test("own keys are served, whole requests and split ones", async () => {
  using client = await connectAs(LOCKED);
  const lines =
    "SET app:a 1|MSET app:b 2 app:c 3|MGET app:a app:b app:c|DEL app:a app:b|GET app:c|" +
    "BLPOP app:none 0.01|MULTI|GET app:c|EXEC|MGET app:c foreign|ACL WHOAMI|INFO server";
  const replies = await client.pipeline(lines.split("|").map((line) => line.split(" ")));
  assertEquals(replies.slice(0, 9), [
    ...["OK", "OK", ["1", "2", "3"], 2, "3", null, "OK", "QUEUED", ["3"]],
  ]);
  assertMatch(textOf(replies[9]!), /^NOPERM/);
  assertEquals(replies[10], LOCKED);
  assertMatch(textOf(replies[11]!), /redis_version/);
});
