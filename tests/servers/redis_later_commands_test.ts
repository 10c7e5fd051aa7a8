/**
 * Commands that came after Redis 7.0, at servers that have them: their records are what the servers say, and their
 * replies are the servers'. Of the servers that tests usually have none does.
 *
 * @module
 */
import { Action } from "../../src/protocol/command_table.ts";
import { respCommands, respDescriptions } from "../../src/protocol/resp/commands/mod.ts";
import { assert, assertEquals } from "../deps.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { startRedisPool } from "./redis_pool.ts";

const isLater = testedServer().series !== "redis 6.2" && testedServer().series !== "redis 7.0";

/** In this order; what they need of earlier commands among them. */
const REQUESTS = `
  HSET h a 1 b 2 c 3
  HEXPIREAT h 4000000000 FIELDS 1 a
  HEXPIRETIME h FIELDS 2 a b
  HPEXPIREAT h 4000000000123 NX FIELDS 1 b
  HPEXPIRETIME h FIELDS 3 a b none
  HPERSIST h FIELDS 2 a c
  HEXPIRE h 100 GT FIELDS 1 b
  HPEXPIRE h 0 FIELDS 1 b
  HTTL h FIELDS 2 a b
  HPTTL none FIELDS 1 a
  HGETEX h PERSIST FIELDS 2 a b
  HSETEX h EX 100 FIELDS 1 d 4
  HGETDEL h FIELDS 2 d none
  HEXPIRE h x FIELDS 1 a
  XADD x 1-1 f v
  XADD x 2-1 f v
  XGROUP CREATE x g 0
  XREADGROUP GROUP g c STREAMS x >
  XACKDEL x g IDS 1 1-1
  XDELEX x KEEPREF IDS 2 2-1 9-9
  XLEN x
  VADD v VALUES 3 1 2 3 one
  VADD v VALUES 3 3 2 1 two SETATTR {"size":1}
  VCARD v
  VDIM v
  VEMB v one
  VISMEMBER v two
  VGETATTR v two
  VSETATTR v one {"size":2}
  VSIM v ELE one WITHSCORES FILTER .size>1
  VLINKS none one
  VRANDMEMBER v 5
  VREM v two
  VRANDMEMBER v
  VINFO none
  SET s v
  DELIFEQ s w
  DELIFEQ s v
  MSETEX 2 {t}a 1 {t}b 2 EX 100
  MGET {t}a {t}b
`.trim().split("\n").map((line) => line.trim().split(" "));

/** Commands whose server is Redis or Valkey alone say other flags of the same command. */
const FLAGS_OF_OTHERS = new Set(["waitaof"]);

/** Whether the order of the reply says nothing. */
const UNORDERED = new Set(["VRANDMEMBER"]);

function comparable([name]: readonly string[], reply: RespValue): unknown {
  return UNORDERED.has(name!) ? JSON.stringify(reply).split("").sort() : reply;
}

Deno.test({
  name: "later commands are answered by their server",
  // Redis 7.0 has none of them.
  ignore: !isLater,
  async fn() {
    await using pool = await startRedisPool();
    using direct = await RespClient.connect({ port: pool.direct.port });
    using proxy = await RespClient.connect({ port: pool.aster.port });
    const infos = await direct.call("COMMAND", "INFO", ...REQUESTS.map(([name]) => name!));
    const known = REQUESTS.filter((_, index) => (infos as RespValue[])[index] !== null);
    let later = 0;
    for (const words of known) {
      const [expected] = await direct.pipeline([words]);
      const [got] = await proxy.pipeline([words]);
      assertEquals(comparable(words, got!), comparable(words, expected!), words.join(" "));
      const isLate = respDescriptions.get(words[0]!.toLowerCase())!.since !== null;
      if (isLate && !(expected instanceof RespError)) later += 1;
    }
    console.log(`${later} requests of later commands at ${testedServer().title}`);
    assert(later >= 10, `${later} requests`);
  },
});

Deno.test({
  name: "the records of later commands are what their server says",
  // Redis 7.0 has none of them.
  ignore: !isLater,
  async fn() {
    await using pool = await startRedisPool({ serverCount: 1 });
    const told = await pool.direct.call("COMMAND") as [string, number, string[], ...number[]][];
    let compared = 0;
    for (const [name, arity, flags, firstKey, lastKey, keyStep] of told) {
      const row = respCommands.rows.find((candidate) => candidate.name === name.toLowerCase());
      const description = respDescriptions.get(name.toLowerCase());
      if (row === undefined || description === undefined || description.since === null) continue;
      if (FLAGS_OF_OTHERS.has(description.name)) continue;
      compared += 1;
      // Commands of modules may have any number of words, and their servers look at it later.
      const isOfModule = flags.includes("module");
      if (!isOfModule) assertEquals(description.arity, arity, name);
      const named = (list: readonly string[]) =>
        list.filter((flag) => flag !== "module").toSorted();
      assertEquals(named(description.flags), named(flags), name);
      if (row.action === Action.Refuse) continue;
      const { firstKey: first, lastKey: last, keyStep: step } = description;
      assertEquals([first, last, step], [firstKey, lastKey, keyStep], name);
    }
    assert(compared >= 10, `${compared} compared`);
  },
});
