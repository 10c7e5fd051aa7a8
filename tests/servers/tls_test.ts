/**
 * TLS on both sides of the proxy with real servers and real clients.
 *
 * @module
 */
import { connect as connectTls } from "node:tls";
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch, clientLibraries } from "../deps.ts";
import { patternBytes } from "../support/tools/byte_pattern.ts";
import { TestCa } from "../support/servers/certificates.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { startTlsPool, type TlsPool } from "./tls_servers.ts";

const MEBIBYTE = 1024 * 1024;

let pool: TlsPool;

Deno.test.beforeAll(async () => {
  pool = await startTlsPool({
    keys: 'thread = 2\nhash_tag = "{}"',
    backendTls: (ca) => {
      const { certPath, keyPath } = ca.issue({ name: "proxy" });
      return `, cert = "${certPath}", key = "${keyPath}"`;
    },
    // The servers want to see the proxy's certificate.
    serverArguments: ["--tls-auth-clients", "yes"],
  });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test("requests go to all servers, one by one and split, from both ports", async () => {
  using secured = await pool.connect();
  using plain = await RespClient.connect({ port: pool.plainPort });
  assertEquals(await secured.call("MSET", "alpha", 1, "beta", 2, "delta", 3), "OK");
  assertEquals(await plain.call("MGET", "alpha", "beta", "delta"), ["1", "2", "3"]);
  assertEquals(await secured.call("DBSIZE"), 3);
  const sizes = await Promise.all(pool.servers.map(({ server }) => server.call("DBSIZE")));
  assert(sizes.every((size) => (size as number) > 0), `${sizes}`);
});

Deno.test("what has a connection to itself speaks TLS, too", async () => {
  using client = await pool.connect();
  using other = await pool.connect();
  assertEquals(await client.call("MULTI"), "OK");
  assertEquals(await client.call("SET", "{t}a", 1), "QUEUED");
  assertEquals(await client.call("EXEC"), ["OK"]);
  const waiting = client.call("BLPOP", "{t}list", 5);
  await until(async () => {
    const list = await other.call("CLIENT", "LIST") as string;
    return /flags=\S*b/.test(list);
  }, { what: "a blocked client" });
  assertEquals(await other.call("RPUSH", "{t}list", "x"), 1);
  assertEquals(await waiting, ["{t}list", "x"]);
  using subscriber = await pool.connect();
  assertEquals(await subscriber.call("SUBSCRIBE", "news"), ["subscribe", "news", 1]);
  await other.call("PUBLISH", "news", "hello");
  assertEquals(await subscriber.read(), ["message", "news", "hello"]);
});

Deno.test("ten thousand requests in one piece are answered in order", async () => {
  using client = await pool.connect({ deadlineMs: 30_000 });
  const count = 10_000;
  const text = Array.from({ length: count }, (_, n) => `PING ${n}\r\n`).join("");
  const written = client.send(text);
  for (let n = 0; n < count; n++) assertEquals(await client.read(), `${n}`);
  await written;
});

Deno.test("a value of 64 MiB comes back as it went", async () => {
  using client = await pool.connect({ bytes: true, deadlineMs: 60_000 });
  const value = patternBytes(9, 0, 64 * MEBIBYTE);
  assertEquals(String(await client.call("SET", "large", value)), "OK");
  const back = await client.call("GET", "large") as Uint8Array;
  assert(Buffer.from(back.buffer, back.byteOffset, back.length).equals(value), "the same bytes");
  assertEquals(await client.call("DEL", "large"), 1);
});

Deno.test("whoever ends its sending half is answered to the last request", async () => {
  const connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: pool.tlsPort,
    caCerts: [pool.ca.cert],
  });
  const text = "SET half 1\r\n" + "INCR half\r\n".repeat(2000);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  await connection.closeWrite();
  const answer = await withDeadline(new Response(connection.readable).text(), "all replies");
  assertEquals(answer.slice(0, 5), "+OK\r\n");
  assertEquals(answer.trimEnd().split("\r\n").at(-1), ":2001");
});

Deno.test("a stream that comes byte by byte, and one that is cut anywhere, harm nobody", async () => {
  using witness = await pool.connect();
  const relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  /** Sends what a client says on in pieces; null: to the end, else so many bytes and no more. */
  const relayOne = async (pieceBytes: number, lastByte: number | null) => {
    using client = await relay.accept();
    using server = await Deno.connect({ hostname: "127.0.0.1", port: pool.tlsPort });
    server.setNoDelay(true);
    const back = server.readable.pipeTo(client.writable).catch(() => {});
    let left = lastByte ?? Infinity;
    const bytes = new Uint8Array(16 * 1024);
    for (let count = await read(client, bytes); count > 0 && left > 0;) {
      for (let at = 0; at < count && left > 0; at += pieceBytes) {
        const end = Math.min(count, at + pieceBytes, at + left);
        left -= end - at;
        await server.write(bytes.subarray(at, end)).catch(() => left = 0);
      }
      if (left > 0) count = await read(client, bytes);
    }
    try {
      server.close();
    } catch {
      // The proxy was first.
    }
    await back;
  };
  const ask = async (): Promise<string> => {
    const { port } = relay.addr;
    const client = connectTls({
      host: "127.0.0.1",
      port,
      ca: [pool.ca.cert],
      servername: "localhost",
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    client.on("secureConnect", () => client.write("SET cut 12345\r\nGET cut\r\n"));
    client.on("data", (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      if (text === "+OK\r\n$5\r\n12345\r\n") resolve(text);
    });
    client.on("error", () => resolve("cut"));
    client.on("close", () => resolve("cut"));
    const answer = await withDeadline(promise, "an answer or the end");
    client.destroy();
    return answer;
  };
  try {
    const whole = relayOne(1, null);
    assertEquals(await ask(), "+OK\r\n$5\r\n12345\r\n");
    await whole;
    // Within the first message, the second flight, and the record of the requests.
    for (const lastByte of [1, 4, 5, 6, 200, 300, 400, 420, 440, 460, 480]) {
      const cut = relayOne(7, lastByte);
      await ask();
      await cut;
      assertEquals(await witness.call("PING"), "PONG");
    }
  } finally {
    relay.close();
  }
});

Deno.test("renegotiation is refused, and whoever asks for it keeps nobody waiting", async () => {
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_client", "-connect", `127.0.0.1:${pool.tlsPort}`, "-tls1_2"],
      ...["-CAfile", pool.ca.certPath],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const texts = ["", ""];
  const ended = [child.stdout, child.stderr].map(async (stream, index) => {
    for await (const bytes of stream) texts[index] += new TextDecoder().decode(bytes);
  });
  await writer.write(new TextEncoder().encode("PING\n"));
  await until(() => texts[0]!.includes("+PONG"), { what: "a reply" });
  // A line that is "R", read by itself, asks for it.
  await writer.write(new TextEncoder().encode("R\n"));
  await withDeadline(Promise.all([...ended, child.status]), "the end of openssl");
  await writer.close().catch(() => {});
  const said = texts.join("\n");
  assertMatch(
    said,
    /no renegotiation|unexpected message|handshake failure|RENEGOTIATING[\s\S]*error/i,
  );
  using client = await pool.connect();
  assertEquals(await client.call("PING"), "PONG");
});

Deno.test("sessions are resumed, in whichever thread", async () => {
  const { stdout } = await new Deno.Command("openssl", {
    args: [
      ...["s_client", "-connect", `127.0.0.1:${pool.tlsPort}`, "-tls1_2", "-reconnect"],
      ...["-CAfile", pool.ca.certPath],
    ],
    stdin: "null",
  }).output();
  const handshakes = [...new TextDecoder().decode(stdout).matchAll(/^(New|Reused), TLS/gm)];
  assertEquals(handshakes.length, 6);
  assert(handshakes.some(([, kind]) => kind === "Reused"), `${handshakes}`);
});

Deno.test("redis-cli, ioredis and redis speak to it over TLS", async () => {
  const { stdout } = await new Deno.Command("redis-cli", {
    args: [
      ...["--tls", "--cacert", pool.ca.certPath, "-p", `${pool.tlsPort}`],
      ...["SET", "tool", "redis-cli", "GET"],
    ],
  }).output();
  assertMatch(new TextDecoder().decode(stdout), /^(\(nil\)|)?\n?$/);
  const { Redis } = await clientLibraries.ioredis();
  const first = new Redis({ port: pool.tlsPort, host: "127.0.0.1", tls: { ca: pool.ca.cert } });
  assertEquals(await first.get("tool"), "redis-cli");
  assertEquals(await first.mset("a", "1", "b", "2", "c", "3"), "OK");
  await first.quit();
  const { createClient } = await clientLibraries.redis();
  const second = createClient({
    socket: { port: pool.tlsPort, host: "127.0.0.1", tls: true, ca: pool.ca.cert },
    RESP: 3,
  });
  await second.connect();
  assertEquals(await second.mGet(["a", "b", "c"]), ["1", "2", "3"]);
  await second.close();
});

Deno.test("what goes wrong is counted by its reason, and said with the address", async () => {
  using other = new TestCa("Another CA");
  const failed = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: pool.tlsPort,
    caCerts: [other.cert],
  }).then((connection) => connection.handshake()).then(() => null, (error: Error) => error);
  assert(failed !== null, "an error");
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: pool.tlsPort });
  await plain.write(new TextEncoder().encode("PING\r\nPING\r\n"));
  await pool.aster.logged(/TLS handshake failed.*tls_client_plain.*127\.0\.0\.1:\d+/);
  await pool.aster.logged(/TLS handshake failed.*tls_client_refusal.*127\.0\.0\.1:\d+/);
  plain.close();
  const scrape = await (await fetch(`http://127.0.0.1:${pool.aster.metricsPort}/metrics`)).text();
  assertMatch(scrape, /aster_failures_total\{[^}]*tls_client_plain[^}]*\} [1-9]/);
  assertMatch(scrape, /aster_tls_handshakes_total\{cluster="pool"\} [1-9]/);
  assertMatch(scrape, /aster_tls_certificate_end_seconds\{cluster="pool",file=".*"\} 1[0-9]{9}/);
});

async function read(connection: Deno.Conn, bytes: Uint8Array): Promise<number> {
  return await connection.read(bytes).catch(() => null) ?? 0;
}
