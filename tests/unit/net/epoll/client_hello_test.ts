import { connect } from "node:tls";
import { HELLO_BYTES_MAX, helloName } from "../../../../src/net/epoll/client_hello.ts";
import { scaled, seededRandom } from "../../../support/tools/seed.ts";
import { assertEquals } from "../../../deps.ts";

/** The first message of a client that asks for `name`. */
async function helloFor(name: string): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = connect({
    host: "127.0.0.1",
    port: listener.addr.port,
    servername: name,
    rejectUnauthorized: false,
  });
  client.on("error", () => {});
  const connection = await listener.accept();
  const bytes = new Uint8Array(HELLO_BYTES_MAX);
  let received = 0;
  while (!helloName(bytes, received).isWhole) {
    received += await connection.read(bytes.subarray(received)) ?? 0;
  }
  connection.close();
  client.destroy();
  listener.close();
  return bytes.slice(0, received);
}

Deno.test("the name that a client asks for is found as soon as its message is whole", async () => {
  const hello = await helloFor("cache.example");
  for (let byteCount = 0; byteCount < hello.length; byteCount++) {
    assertEquals(helloName(hello, byteCount), { isWhole: false }, `${byteCount} bytes`);
  }
  assertEquals(helloName(hello, hello.length), { isWhole: true, name: "cache.example" });
});

Deno.test("a message in several records is one message", async () => {
  const hello = await helloFor("cache.example");
  const body = hello.subarray(5);
  const records: number[] = [];
  for (let at = 0; at < body.length; at += 50) {
    const part = body.subarray(at, at + 50);
    records.push(22, 3, 1, part.length >> 8, part.length & 255, ...part);
  }
  const bytes = new Uint8Array(records);
  assertEquals(helloName(bytes, bytes.length), { isWhole: true, name: "cache.example" });
  assertEquals(helloName(bytes, bytes.length - 1), { isWhole: false });
});

Deno.test("a client that asks for no name, or speaks no TLS, has none", async () => {
  const hello = await helloFor("");
  assertEquals(helloName(hello, hello.length), { isWhole: true, name: null });
  const plain = new TextEncoder().encode("*1\r\n$4\r\nPING\r\n");
  assertEquals(helloName(plain, plain.length), { isWhole: true, name: null });
});

Deno.test("a message that is too long is not waited for", () => {
  const bytes = new Uint8Array(HELLO_BYTES_MAX);
  bytes.set([22, 3, 1, 255, 255, 1, 255, 255, 255]);
  assertEquals(helloName(bytes, 100), { isWhole: false });
  assertEquals(helloName(bytes, HELLO_BYTES_MAX), { isWhole: true, name: null });
});

Deno.test("whatever the bytes are, they are read to an end", async () => {
  const hello = await helloFor("cache.example");
  const random = seededRandom("first messages");
  for (let round = 0; round < scaled(3000); round++) {
    const bytes = hello.slice();
    for (let count = 0; count < 6; count++) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    helloName(bytes, random.below(bytes.length + 1));
  }
});
