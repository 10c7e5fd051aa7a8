/**
 * Requests beyond `max_request_bytes`: refused in their turn, before they take memory, and nobody else notices.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes } from "../unit/protocol/memcache/parse_stream.ts";

const LIMIT = 100_000;
/** Announced and sent beyond the limit. */
const LARGE = 200_000_000;

const encoder = new TextEncoder();

async function start(type: "redis" | "memcache"): Promise<Aster> {
  return await startAster((port) =>
    `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "${type}"
max_request_bytes = ${LIMIT}
servers = ["127.0.0.1:9"]
`, { metrics: true });
}

/** What the client is answered until it is closed, while it sends `text` and then many bytes more. */
async function ask(port: number, text: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const replies = (async () => {
    let read = "";
    const bytes = new Uint8Array(1024);
    for (;;) {
      const count = await connection.read(bytes).catch(() => null);
      if (count === null) return read;
      read += new TextDecoder().decode(bytes.subarray(0, count));
    }
  })();
  const more = new Uint8Array(1_000_000).fill(0x78);
  try {
    await connection.write(encoder.encode(text));
    for (let sent = 0; sent < LARGE; sent += more.length) await connection.write(more);
  } catch {
    // It was closed meanwhile, which is what is wanted.
  }
  const read = await replies;
  connection.close();
  return read;
}

async function metric(aster: Aster, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`)).text();
  return Number(pattern.exec(text)?.[1]);
}

const MEMORY = /^aster_memory_usage (\d+)$/m;
const REFUSED = /^aster_failures_total\{.*reason="client_request_limit".*\} (\d+)$/m;

Deno.test("a request beyond the limit is refused in its turn, and takes no memory", async () => {
  await using aster = await start("redis");
  using neighbour = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
  const before = await metric(aster, MEMORY);
  for (let round = 0; round < 3; round++) {
    const text = `PING\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${LARGE}\r\n`;
    assertMatch(await ask(aster.port, text), /^\+PONG\r\n-ERR [^\r]*max_request_bytes[^\r]*\r\n$/);
    await neighbour.write(encoder.encode("PING\r\n"));
    const bytes = new Uint8Array(16);
    assertEquals(await neighbour.read(bytes), "+PONG\r\n".length);
  }
  const grownMib = (await metric(aster, MEMORY) - before) / 1024;
  assert(grownMib < 64, `${grownMib} MiB`);
  assertEquals(await metric(aster, REFUSED), 3);
});

Deno.test("a request just within the limit is not refused for its size, one just beyond it is", async () => {
  await using aster = await start("redis");
  const ofSize = (byteCount: number) => {
    const head = "*2\r\n$4\r\nECHO\r\n$";
    const value = "v".repeat(byteCount - head.length - "99999\r\n".length - 2);
    return `${head}${value.length}\r\n${value}\r\n`;
  };
  for (const [byteCount, expected] of [[LIMIT, "$"], [LIMIT + 1, "-"]] as const) {
    using client = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
    const request = encoder.encode(ofSize(byteCount));
    assertEquals(request.length, byteCount);
    let sent = 0;
    while (sent < request.length) sent += await client.write(request.subarray(sent));
    const bytes = new Uint8Array(16);
    await client.read(bytes);
    assertEquals(String.fromCharCode(bytes[0]!), expected);
  }
});

Deno.test("memcache: a value beyond the limit is refused", async () => {
  await using aster = await start("memcache");
  const reply = await ask(aster.port, `mn\r\nset a 0 0 ${LARGE}\r\n`);
  assertMatch(reply, /^MN\r\nSERVER_ERROR [^\r]*max_request_bytes[^\r]*\r\n$/);
  assertEquals(await metric(aster, REFUSED), 1);
});

Deno.test("memcache: a packet beyond the limit is refused as that packet, known by its opaque", async () => {
  await using aster = await start("memcache");
  using client = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
  const large = { operation: 0x11, opaque: 0xfedcba98, extras: "\0".repeat(8), key: "k" };
  await client.write(toBytes(request({ ...large, lengths: { body: LARGE } })));
  const reply = new Uint8Array(1024);
  await withDeadline(client.read(reply), "a refusal arrives");
  const view = new DataView(reply.buffer);
  assertEquals([view.getUint16(0), view.getUint16(6)], [0x8111, 0x86]);
  assertEquals(view.getUint32(12), 0xfedcba98);
});
