/**
 * Limited users of memcache clients in front of a real server: no command of lines and no operation of packets reaches a
 * foreign key.
 *
 * @module
 */
import { LineForm, MemcacheCommands } from "../../src/protocol/memcache/commands.ts";
import {
  binaryRows,
  operationOf,
  PacketForm,
  packetFormOf,
} from "../../src/protocol/memcache/binary/commands.ts";
import { Action } from "../../src/protocol/command_table.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
import { MemcacheText } from "./memcache_text.ts";

const KEYS = `auth = { users = [{ username = "ann", password = "secret", key_patterns = ["a:*"] },
{ username = "reader", password = "secret", read_only = true }, { username = "main", password = "secret" }] }`;
const FOREIGN = "foreign";
const VALUE = "foreign-value";

function textOf(address: string, port: number, keys: string): string {
  return `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = ["${address}:1"]
${keys}
`;
}

function startInFront(address: string): Promise<Aster> {
  return startAster((port) => textOf(address, port, KEYS));
}

/** A line of each form with the foreign key in the places of keys. */
function lineOf(name: string, form: number): string {
  switch (form) {
    case LineForm.Keys:
      return `${name} a:1 ${FOREIGN}`;
    case LineForm.TouchKeys:
      return `${name} 0 a:1 ${FOREIGN}`;
    case LineForm.Storage:
      return `${name} ${FOREIGN} 0 0 1\r\nx`;
    case LineForm.CompareAndSwap:
      return `${name} ${FOREIGN} 0 0 1 1\r\nx`;
    case LineForm.MetaSet:
      return `${name} ${FOREIGN} 1\r\nx`;
    case LineForm.Arithmetic:
      return `${name} ${FOREIGN} 1`;
    case LineForm.Touch:
      return `${name} ${FOREIGN} 1`;
    case LineForm.Delete:
    case LineForm.MetaDelete:
    case LineForm.MetaArithmetic:
    case LineForm.MetaDebug:
      return `${name} ${FOREIGN}`;
    case LineForm.MetaGet:
      return `${name} ${FOREIGN} v k`;
    case LineForm.Verbosity:
      return `${name} 1`;
    default:
      return name;
  }
}

/** Sends bytes, closes its side, and returns all that comes. */
async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(bytes);
  await connection.closeWrite();
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await withDeadline(connection.read(buffer), "the end");
    if (count === null) return text;
    text += toText(buffer, 0, count);
  }
}

Deno.test("no line and no packet reaches a foreign key", async () => {
  await using server = await startMemcachedServer();
  await using aster = await startInFront(server.address);
  assertEquals(
    await server.ask(`set ${FOREIGN} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`, "STORED\r\n"),
    "STORED\r\n",
  );
  const commands = new MemcacheCommands();
  const reached: string[] = [];
  let denied = 0;
  const look = (what: string, reply: string) => {
    if (reply.includes(VALUE)) reached.push(`${what}: ${reply}`);
    if (reply.includes("no permission")) denied += 1;
  };
  for (const row of commands.rows) {
    const line = lineOf(row.name, commands.formOf(row));
    for (const text of [`${line}\r\n`, `${line.replace(FOREIGN, btoa(FOREIGN))} b\r\n`]) {
      const login = "set x 0 0 10\r\nann secret\r\n";
      look(text, await exchange(aster.port, toBytes(`${login}${text}`)));
    }
  }
  for (
    const words of ["stats cachedump 1 0", "stats items", "get a:1 foreign", "mg Zm9yZWlnbg== v b"]
  ) {
    look(words, await exchange(aster.port, toBytes(`set x 0 0 10\r\nann secret\r\n${words}\r\n`)));
  }
  for (const row of binaryRows) {
    const form = packetFormOf(row);
    const extras = [PacketForm.Storage, PacketForm.Arithmetic, PacketForm.Touch] as number[];
    const length = [8, 20, 4][extras.indexOf(form)] ?? 0;
    const hasKey = row.action !== Action.Local && form !== PacketForm.Delay;
    const packet = request({
      operation: operationOf(row),
      ...hasKey ? { key: FOREIGN } : {},
      extras: "\0".repeat(length),
      ...form === PacketForm.Storage || form === PacketForm.KeyValue ? { value: "x" } : {},
    });
    const login = request({ operation: 0x21, key: "PLAIN", value: "\0ann\0secret" });
    look(row.name, await exchange(aster.port, toBytes(login + packet)));
  }
  assertEquals(reached, []);
  const now = await server.ask(`get ${FOREIGN}\r\n`, "END\r\n");
  assertEquals(now, `VALUE ${FOREIGN} 0 ${VALUE.length}\r\n${VALUE}\r\nEND\r\n`);
  assert(denied > 40, `${denied} denied`);
  console.log(`denied: ${denied}`);
});

Deno.test("own keys are served, readers read, and nobody else is limited", async () => {
  await using server = await startMemcachedServer();
  await using aster = await startInFront(server.address);
  using ann = await MemcacheText.connect(aster.port);
  assertEquals(
    await ann.ask([
      "set x 0 0 10\r\nann secret\r\n",
      "set a:1 0 0 1\r\n1\r\n",
      "incr a:1 1\r\n",
      "set b 0 0 1\r\n1\r\n",
    ]),
    ["STORED", "STORED", "2", "CLIENT_ERROR no permission to access this key"],
  );
  using reader = await MemcacheText.connect(aster.port);
  assertEquals(await reader.ask(["set x 0 0 13\r\nreader secret\r\n"]), ["STORED"]);
  const [set, touch] = await reader.ask(["set a:1 0 0 1\r\n1\r\n", "mg a:1 T60\r\n"]);
  assertMatch(`${set} ${touch}`, /^(CLIENT_ERROR no permission to use this command ?){2}$/);
  using main = await MemcacheText.connect(aster.port);
  assertEquals(await main.ask(["set x 0 0 11\r\nmain secret\r\n", "flush_all\r\n"]), [
    "STORED",
    "OK",
  ]);
});

Deno.test("a reload binds open sessions: fewer keys, denied commands, and a user that is gone", async () => {
  await using server = await startMemcachedServer();
  await using aster = await startInFront(server.address);
  const login = (name: string) => `set x 0 0 ${name.length + 7}\r\n${name} secret\r\n`;
  using ann = await MemcacheText.connect(aster.port);
  using reader = await MemcacheText.connect(aster.port);
  using main = await MemcacheText.connect(aster.port);
  assertEquals(await ann.ask([login("ann"), "set a:1 0 0 1\r\n1\r\n"]), ["STORED", "STORED"]);
  assertEquals(await reader.ask([login("reader")]), ["STORED"]);
  assertEquals(await main.ask([login("main"), "flush_all\r\n"]), ["STORED", "OK"]);
  const keys = `auth = { users = [{ username = "ann", password = "new", key_patterns = ["b:*"] },
{ username = "main", password = "secret" }] }\ndeny_commands = ["flush_all"]`;
  await Deno.writeTextFile(aster.configFile, textOf(server.address, aster.port, keys));
  aster.process.signal("SIGHUP");
  await aster.logged(/Configuration reloaded/);
  const key = "CLIENT_ERROR no permission to access this key";
  const command = "CLIENT_ERROR no permission to use this command";
  assertEquals(await ann.ask(["set a:1 0 0 1\r\n1\r\n", "set b:1 0 0 1\r\n1\r\n"]), [
    key,
    "STORED",
  ]);
  assertEquals(await reader.ask(["get a:1\r\n"]), ["CLIENT_ERROR unauthenticated"]);
  assertEquals(await main.ask(["flush_all\r\n", "set c 0 0 1\r\n1\r\n"]), [command, "STORED"]);
});
