import { assertEquals } from "../deps.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { type RedisServer, testedServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { RawClient } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Keys on the first, the second and the third server of the pool. */
const [FIRST, SECOND, THIRD] = ["alpha", "delta", "beta"];

/** A hash on the second server. */
const HASH = "pear";

const PIPELINE_DEPTH = 10_000;

let pool: RedisPool;
let port: number;
let slow: RedisServer;

Deno.test.beforeAll(async () => {
  // A paused server must not be given up while a test looks at what waits behind it.
  pool = await startRedisPool({ keys: "read_timeout = 30000" });
  port = pool.aster.port;
  slow = pool.servers[1]!;
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test("replies leave in the order of the requests, also where the oldest is late and the others are answered here", async () => {
  using setUp = await RawClient.connect(port);
  assertEquals(
    await setUp.ask(["MSET", FIRST!, "1", SECOND!, "2", THIRD!, "3"]),
    "+OK\r\n",
  );
  assertEquals(await slow.call("EXISTS", SECOND!), 1);
  await slow.pause();
  using client = await RawClient.connect(port);
  const asked = client.ask(
    ["GET", SECOND!],
    ["PING"],
    ["GET", FIRST!],
    ["ECHO", "echo"],
    ["NOSUCH"],
    ["MGET", THIRD!, SECOND!, FIRST!],
    ["SELECT", "99"],
    ["GET", THIRD!],
    ["CLIENT", "GETNAME"],
  );
  // Whoever does not need the slow server is served meanwhile.
  using other = await RespClient.connect({ port });
  assertEquals(await other.pipeline([["GET", FIRST!], ["PING"], ["GET", THIRD!]]), [
    "1",
    "PONG",
    "3",
  ]);
  slow.resume();
  assertEquals(
    await asked,
    "$1\r\n2\r\n+PONG\r\n$1\r\n1\r\n$4\r\necho\r\n" +
      "-ERR unknown command 'NOSUCH', with args beginning with: \r\n" +
      "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$1\r\n1\r\n-ERR DB index is out of range\r\n" +
      "$1\r\n3\r\n$-1\r\n",
  );
});

Deno.test("HELLO changes the version between two requests of one pipeline", async () => {
  using setUp = await RawClient.connect(port);
  await setUp.ask(["HSET", HASH, "f", "v"], ["DEL", FIRST!]);
  assertEquals(await slow.call("EXISTS", HASH), 1);
  using client = await RawClient.connect(port);
  await slow.pause();
  const asked = client.ask(
    ["HGETALL", HASH],
    ["GET", FIRST!],
    ["HELLO", "3"],
    ["HGETALL", HASH],
    ["GET", FIRST!],
    ["HELLO", "9"],
    ["GET", FIRST!],
    ["HELLO", "2"],
    ["HGETALL", HASH],
    ["GET", FIRST!],
    ["RESET"],
    ["GET", FIRST!],
  );
  slow.resume();
  const replies = (await asked).replace(/(\$2\r\nid\r\n):\d+/g, "$1:7");
  const map = "$1\r\nf\r\n$1\r\nv\r\n";
  const server = testedServer();
  const hello = (version: number) =>
    `$6\r\nserver\r\n$${server.product.length}\r\n${server.product}\r\n` +
    `$7\r\nversion\r\n$${server.version.length}\r\n${server.version}\r\n` +
    `$5\r\nproto\r\n:${version}\r\n$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n` +
    "$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
  assertEquals(
    replies,
    `*2\r\n${map}$-1\r\n%7\r\n${hello(3)}%1\r\n${map}_\r\n` +
      "-NOPROTO unsupported protocol version\r\n_\r\n" +
      `*14\r\n${hello(2)}*2\r\n${map}$-1\r\n+RESET\r\n$-1\r\n`,
  );
});

Deno.test("clients of both versions share the servers, each reads its own form", async () => {
  using setUp = await RawClient.connect(port);
  await setUp.ask(["DEL", FIRST!], ["HSET", "mixed", "f", "v"]);
  const clients = await Promise.all(
    Array.from({ length: 20 }, (_, index) => RawClient.connect(port, index % 2 === 0 ? 2 : 3)),
  );
  for (let round = 0; round < 20; round++) {
    const replies = await Promise.all(
      clients.map((client) => client.ask(["HGETALL", "mixed"], ["GET", FIRST!], ["PING"])),
    );
    for (const [index, reply] of replies.entries()) {
      const form = index % 2 === 0 ? ["*2", "$-1"] : ["%1", "_"];
      assertEquals(reply, `${form[0]}\r\n$1\r\nf\r\n$1\r\nv\r\n${form[1]}\r\n+PONG\r\n`);
    }
  }
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test(`a pipeline of ${PIPELINE_DEPTH} over all servers is answered in order`, async () => {
  using client = await RespClient.connect({ port });
  const numbers = Array.from({ length: PIPELINE_DEPTH }, (_, index) => index);
  const written = await client.pipeline(
    numbers.map((index) => ["SET", `pipelined:${index}`, `value ${index}`]),
  );
  assertEquals(new Set(written), new Set(["OK"]));
  const read = await withDeadline(
    client.pipeline(
      numbers.map((index) => index % 7 === 0 ? ["ECHO", index] : ["GET", `pipelined:${index}`]),
    ),
    "the pipeline is answered",
  );
  assertEquals(read, numbers.map((index) => index % 7 === 0 ? `${index}` : `value ${index}`));
});

Deno.test("a half-closed client gets all that is due", async () => {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const requests = "GET pipelined:1\r\nPING\r\nGET pipelined:2\r\nGET pipelined:999999\r\n";
  await connection.write(new TextEncoder().encode(requests));
  await connection.closeWrite();
  assertEquals(
    await withDeadline(new Response(connection.readable).text(), "the connection ends"),
    "$7\r\nvalue 1\r\n+PONG\r\n$7\r\nvalue 2\r\n$-1\r\n",
  );
});
