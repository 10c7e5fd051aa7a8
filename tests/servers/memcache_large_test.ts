/**
 * Values of many megabytes, and clients that have half of one in their hands: others are served meanwhile.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/servers/memcached_server.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
import { MemcacheText } from "./memcache_text.ts";

const MEGABYTE = 1024 * 1024;
/** Requests of somebody else, while a client has half of a large value. */
const OTHERS = 500;

let server: MemcachedServer;
let aster: Aster;

Deno.test.beforeAll(async () => {
  server = await startMemcachedServer({ arguments: ["-I", "128m", "-m", "1024"] });
  aster = await startAster((port) =>
    `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = ["${server.address}:1"]
read_timeout = 30000
write_timeout = 30000
`
  );
});

Deno.test.afterAll(async () => {
  await aster[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A value whose bytes tell where they belong. */
function largeValue(megabytes: number): Uint8Array {
  const value = new Uint8Array(megabytes * MEGABYTE);
  const words = new Uint32Array(value.buffer);
  for (let index = 0; index < words.length; index++) words[index] = index * 2654435761;
  return value;
}

async function connect(): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
}

async function send(connection: Deno.TcpConn, ...parts: Uint8Array[]): Promise<void> {
  for (const part of parts) {
    for (let sent = 0; sent < part.length;) sent += await connection.write(part.subarray(sent));
  }
}

async function receive(connection: Deno.TcpConn, byteCount: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteCount);
  for (let received = 0; received < byteCount;) {
    const reading = connection.read(bytes.subarray(received));
    const count = await withDeadline(reading, `${byteCount} bytes`, 60_000);
    if (count === null) throw new Error(`ended after ${received} of ${byteCount} bytes`);
    received += count;
  }
  return bytes;
}

/** Another client asks, one request after the other. */
async function askMeanwhile(): Promise<void> {
  using other = await MemcacheText.connect(aster.port);
  assertEquals(await other.ask(["set small 0 0 2\r\nhi\r\n"]), ["STORED"]);
  for (let count = 0; count < OTHERS; count++) {
    assertEquals(await other.ask(["get small\r\n"], "END\r\n"), ["VALUE small 0 2\r\nhi\r\n"]);
  }
}

Deno.test("values of 100 MiB come back as they were, in lines and in packets, quiet ones too", async () => {
  const value = largeValue(100);
  using connection = await connect();
  const end = toBytes("\r\n");
  const head = `VALUE large 0 ${value.length}\r\n`;
  for (const quiet of ["", " noreply"]) {
    await send(connection, toBytes(`set large 0 0 ${value.length}${quiet}\r\n`), value, end);
    if (quiet === "") assertEquals(toText(await receive(connection, 8)), "STORED\r\n");
    await send(connection, toBytes("get large\r\n"));
    const reply = await receive(connection, head.length + value.length + 7);
    assertEquals(toText(reply, 0, head.length), head);
    assertEquals(isSame(reply.subarray(head.length, head.length + value.length), value), true);
  }
  using binary = await connect();
  const lengths = { body: 8 + 5 + value.length };
  const set = request({ operation: 0x11, extras: "\0".repeat(8), key: "large", lengths });
  await send(binary, toBytes(set), value, toBytes(request({ operation: 0x00, key: "large" })));
  const reply = await receive(binary, 24 + 4 + value.length);
  assertEquals(isSame(reply.subarray(28), value), true);
});

Deno.test("a client that has sent half of a value keeps nobody waiting", async () => {
  using half = await connect();
  const value = largeValue(64);
  await send(half, toBytes(`set half 0 0 ${value.length}\r\n`), value.subarray(0, 32 * MEGABYTE));
  await askMeanwhile();
  await send(half, value.subarray(32 * MEGABYTE), toBytes("\r\n"));
  assertEquals(toText(await receive(half, 8)), "STORED\r\n");
});

Deno.test("a client that does not read the value it asked for keeps nobody waiting", async () => {
  using writer = await connect();
  const value = largeValue(64);
  await send(writer, toBytes(`set unread 0 0 ${value.length}\r\n`), value, toBytes("\r\n"));
  assertEquals(toText(await receive(writer, 8)), "STORED\r\n");
  using reader = await connect();
  await send(reader, toBytes("get unread\r\n"));
  await askMeanwhile();
  const head = `VALUE unread 0 ${value.length}\r\n`;
  const reply = await receive(reader, head.length + value.length + 7);
  assertEquals(isSame(reply.subarray(head.length, head.length + value.length), value), true);
});

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
