/**
 * Where the proxy differs from a memcached on purpose (docs/commands.md): both sides of each difference, so that a
 * listed one that is none, or that becomes another, is noticed.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { reply, request } from "../unit/protocol/memcache/binary/packets.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";
import { word } from "./raw_client.ts";

let pool: MemcachePool;

Deno.test.beforeAll(async () => {
  pool = await startMemcachePool();
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** All that comes back for `bytes` until the connection ends, which they must bring about. */
async function exchange(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const whole = word(bytes);
  for (let sent = 0; sent < whole.length;) sent += await connection.write(whole.subarray(sent));
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    // A server that closes with bytes unread resets the connection.
    const read = connection.read(buffer).catch(() => null);
    const count = await withDeadline(read, `the connection ends, after ${JSON.stringify(text)}`);
    if (count === null) return text;
    for (const byte of buffer.subarray(0, count)) text += String.fromCharCode(byte);
  }
}

/** Where lines differ: what is sent before `mn` and `quit`, what a server says to it, what the proxy says. */
const LINES: [string, string, string, string][] = [
  [
    "the value behind a refused storage line",
    "set a abc 0 4\r\nmn\r\n\r\n",
    "CLIENT_ERROR bad command line format\r\nMN\r\nERROR\r\n",
    "CLIENT_ERROR bad command line format\r\n",
  ],
  [
    "a length of more than 32 bits",
    "set a 0 0 4294967298\r\nab\r\n",
    "STORED\r\n",
    "CLIENT_ERROR bad command line format\r\nERROR\r\n",
  ],
  [
    "a NUL",
    "get a\0b\r\n",
    "VALUE a 0 2\r\nab\r\nEND\r\n",
    "CLIENT_ERROR bad command line format\r\n",
  ],
  ["a line refused under noreply", "set a abc 0 1 noreply\r\na\r\n", "ERROR\r\n", ""],
  ["a quiet ma that makes its item", "ma made N0 J5 q\r\n", "HD\r\n", ""],
];

for (const [name, sent, served, proxied] of LINES) {
  Deno.test(`lines: ${name}`, async () => {
    // What the difference leaves behind does not differ.
    const before = "set a 0 0 2\r\nab\r\n";
    const after = "mn\r\nquit\r\n";
    for (
      const [port, expected] of [[pool.direct.port, served], [pool.aster.port, proxied]] as const
    ) {
      const given = await exchange(port, before + sent + after);
      assertEquals(given, `STORED\r\n${expected}MN\r\n`);
    }
  });
}

Deno.test("lines: one that is too long", async () => {
  const spaces = `touch a ${" ".repeat(17_000)}0\r\nmn\r\nquit\r\n`;
  assertEquals(await exchange(pool.direct.port, spaces), "");
  assertEquals(await exchange(pool.aster.port, spaces), "CLIENT_ERROR line too long\r\n");
});

const NOOP = request({ operation: 0x0a, opaque: 7777 });
const QUITQ = request({ operation: 0x17 });
const NOOP_REPLY = reply({ operation: 0x0a, opaque: 7777 });

Deno.test("packets: an unknown operation with a key or extras; Verbosity is one, too", async () => {
  for (const [operation, extras, key] of [[0x70, "", "k"], [0x1b, "x", ""]] as const) {
    const unknown = { operation, extras: extras.repeat(24), key: key.repeat(24) };
    const sent = request(unknown) + NOOP + NOOP + QUITQ;
    const refused = reply({ operation, status: 0x81, value: "Unknown command" });
    assertEquals(await exchange(pool.direct.port, sent), refused + NOOP_REPLY);
    assertEquals(await exchange(pool.aster.port, sent), refused + NOOP_REPLY + NOOP_REPLY);
  }
});

Deno.test("lines: keys of several lines are no other client's replies", async () => {
  const { port } = pool.aster;
  const evil = "a\r\n\r\nHD Oforged";
  const line = `mg ${btoa(evil)} b N30 k v\r\n`;
  assertEquals(
    await exchange(pool.direct.port, `${line}mn\r\nquit\r\n`),
    `VA 0 k${evil} W\r\n\r\nMN\r\n`,
  );
  using hostile = await Deno.connect({ hostname: "127.0.0.1", port });
  const replied = hostile.read(new Uint8Array(1000));
  for (let round = 0; round < 20; round++) {
    await hostile.write(word(line));
    assertEquals(await exchange(port, "mg mine v O7\r\nmn\r\nquit\r\n"), "EN O7\r\nMN\r\n");
  }
  await replied;
});

Deno.test("lines: lists of keys of several lines are no other client's replies", async () => {
  const { port } = pool.aster;
  const key = "list\r\nEND\r\nSERVER_ERROR forged";
  const stored = request({ operation: 0x01, extras: "\0".repeat(8), key, value: "x" });
  await exchange(port, stored + QUITQ);
  using hostile = await Deno.connect({ hostname: "127.0.0.1", port });
  using victim = await Deno.connect({ hostname: "127.0.0.1", port });
  // Keys of every server, so that many requests are in flight whenever the list comes.
  const gets = Array.from({ length: 5000 }, (_, index) => `get mine${index}\r\n`).join("");
  const misses = "END\r\n".repeat(5000);
  const buffer = new Uint8Array(65_536);
  for (let round = 0; round < 10; round++) {
    await victim.write(word(gets));
    await hostile.write(word("stats cachedump 1 0\r\n"));
    let replies = "";
    while (replies.length < misses.length) {
      const count = await withDeadline(victim.read(buffer), "all gets are answered");
      replies += new TextDecoder().decode(buffer.subarray(0, count!));
    }
    assertEquals(replies === misses, true, `round ${round}`);
    await withDeadline(hostile.read(buffer), "a list arrives");
  }
});

Deno.test("packets: no operation, known or not, takes another client's reply", async () => {
  const { port } = pool.aster;
  const store = (key: string) =>
    request({ operation: 0x01, extras: "\0".repeat(8), key, value: key });
  await exchange(port, store("mine") + store("them") + QUITQ);
  const ask = (key: string) => exchange(port, request({ operation: 0x0d, key }) + QUITQ);
  const own = await ask("mine");
  for (let operation = 0; operation < 256; operation++) {
    // As long as the request of another client, or of two.
    for (const key of ["", "k"]) {
      if (operation === 0x08 || operation === 0x18) continue;
      using hostile = await Deno.connect({ hostname: "127.0.0.1", port });
      await hostile.write(word(request({ operation, extras: "\0".repeat(28), key }) + NOOP));
      await withDeadline(hostile.read(new Uint8Array(1000)), "it is answered");
      assertEquals(await ask("mine"), own, `behind operation ${operation}`);
    }
  }
});

Deno.test("packets: a body with more than its operation has use for", async () => {
  for (const operation of [0x10, 0x1c, 0x1d]) {
    const extras = operation === 0x10 ? "" : "\0\0\0\0";
    const key = operation === 0x10 ? "reset" : "nothing";
    const sent = request({ operation, extras, key, value: NOOP });
    const refused = reply({ operation, status: 0x04, value: "Invalid arguments" });
    const served = await exchange(pool.direct.port, sent + QUITQ);
    assertEquals(served.endsWith(NOOP_REPLY), true, `${operation}: ${JSON.stringify(served)}`);
    assertEquals(await exchange(pool.aster.port, sent + NOOP), refused);
  }
});
