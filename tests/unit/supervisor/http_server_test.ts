/**
 * The admin port's HTTP server: what it answers, and that nothing it waits for is without bound.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import {
  CONNECTIONS_MAX,
  type HttpHandler,
  HttpServer,
} from "../../../src/supervisor/http_server.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { until, withDeadline } from "../../support/tools/poll.ts";
import { resetBeforeAccept } from "../../support/clients/unaccepted_connections.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Scene {
  readonly server: HttpServer;
  readonly url: string;
  readonly seen: string[];
  connect(): Promise<Deno.TcpConn>;
}

async function withServer(
  use: (scene: Scene) => Promise<void>,
  handle: HttpHandler = () => Promise.resolve(new Response("hello\n")),
): Promise<void> {
  const seen: string[] = [];
  const server = new HttpServer({
    address: tcpEndpoint("127.0.0.1", 0),
    sharesPort: false,
    handle: (request, peer) => {
      seen.push(`${peer} ${request.method} ${new URL(request.url).pathname}`);
      return handle(request, peer);
    },
    acceptFailed: (error) => {
      throw error;
    },
  });
  const { port } = server.address;
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await use({ server, url: `http://127.0.0.1:${port}`, seen, connect });
  } finally {
    server.close();
    await server.shutdown();
  }
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const bytes = new Response(connection.readable).bytes();
  return decoder.decode(await withDeadline(bytes, "it is closed"));
}

Deno.test("requests are answered, one behind the other over one connection", async () => {
  await withServer(async ({ url, seen, connect, server }) => {
    for (let count = 0; count < 3; count++) {
      const response = await fetch(`${url}/a`);
      assertEquals([response.status, await response.text()], [200, "hello\n"]);
    }
    const head = await fetch(`${url}/b`, { method: "HEAD" });
    assertEquals([head.headers.get("content-length"), await head.text()], ["6", ""]);
    assertEquals(seen, [...Array<string>(3).fill("127.0.0.1 GET /a"), "127.0.0.1 HEAD /b"]);
    assertEquals(server.connectionCount, 1);
    const connection = await connect();
    const text =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (const character of text) await connection.write(encoder.encode(character));
    const answers = await readAll(connection);
    assertEquals(answers.match(/HTTP\/1.1 200 OK\r\n/g)?.length, 2);
    assertMatch(answers, /connection: keep-alive[^]*connection: close/);
  });
});

Deno.test("what is no request, or too long, is refused, and the answer arrives", async () => {
  await withServer(async ({ connect, seen }) => {
    for (
      const [text, status] of [
        ["nonsense\r\n\r\n", 400],
        [`GET / HTTP/1.1\r\nX: ${"x".repeat(30_000)}`, 431],
        ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
      ] as const
    ) {
      const connection = await connect();
      await connection.write(encoder.encode(text));
      assertMatch(await readAll(connection), new RegExp(`^HTTP/1.1 ${status} `));
    }
    assertEquals(seen, []);
  });
});

Deno.test("a body is not read, and the answer before it arrives all the same", async () => {
  await withServer(
    async ({ connect }) => {
      const connection = await connect();
      const body = "x".repeat(300_000);
      await connection.write(
        encoder.encode(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n${body}`),
      );
      assertMatch(await readAll(connection), /^HTTP\/1.1 413 Content Too Large/);
    },
    () => Promise.resolve(new Response("no\n", { status: 413, headers: { connection: "close" } })),
  );
});

Deno.test("any number of connections that send nothing, or half a head, keep nobody out", async () => {
  await withServer(async ({ server, connect, url }) => {
    const slow: Deno.TcpConn[] = [];
    for (let count = 0; count < 3 * CONNECTIONS_MAX; count++) {
      const connection = await connect();
      slow.push(connection);
      if (count % 2 === 0) await connection.write(encoder.encode("GET / HTTP/1.1\r\nX: "));
    }
    assertEquals(await (await fetch(url)).text(), "hello\n");
    assert(server.connectionCount <= CONNECTIONS_MAX);
    await until(() => server.connectionCount === CONNECTIONS_MAX, { what: "all are accepted" });
    assertEquals(await (await fetch(url)).text(), "hello\n");
    for (const connection of slow) connection.close();
  });
});

Deno.test("connections that are reset before they are accepted keep nobody waiting", async () => {
  await withServer(async ({ server, url }) => {
    const beganMs = performance.now();
    for (let round = 0; round < 10; round++) {
      resetBeforeAccept(server.address.port, 20);
      assertEquals(await (await fetch(url)).text(), "hello\n");
    }
    assert(performance.now() - beganMs < 5_000);
  });
});

Deno.test("who sends a head byte by byte is closed in time, however often a byte comes", async () => {
  await withServer(async ({ connect }) => {
    const connection = await connect();
    const beganMs = performance.now();
    let isClosed = false;
    const closed = connection.read(new Uint8Array(1)).catch(() => null).then(() => isClosed = true);
    await connection.write(encoder.encode("GET / HTTP/1.1\r\nX: "));
    await until(async () => {
      await connection.write(encoder.encode("x")).catch(() => 0);
      return isClosed;
    }, { what: "it is closed", intervalMs: 100 });
    await closed;
    assert(performance.now() - beganMs >= 4_500);
    connection.close();
  });
});

Deno.test("parts of a stream come as they are made, and its end is noticed on both sides", async () => {
  let cancelled = 0;
  await withServer(async ({ connect }) => {
    const connection = await connect();
    await connection.write(encoder.encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    let text = "";
    const bytes = new Uint8Array(4096);
    while (!text.includes("two")) {
      text += decoder.decode(bytes.subarray(0, (await connection.read(bytes))!));
    }
    assertMatch(text, /transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo/);
    connection.close();
    await until(() => cancelled === 1, { what: "the stream is cancelled" });
  }, () =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(encoder.encode("one"));
            controller.enqueue(encoder.encode("two"));
          },
          cancel: () => void (cancelled += 1),
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
    ));
});

Deno.test("shutdown() closes who rests, and waits for who is being answered", async () => {
  const answer = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await withServer(async ({ server, url, connect }) => {
    const resting = await connect();
    await until(() => server.connectionCount === 1, { what: "it is accepted" });
    const response = fetch(url);
    await asked.promise;
    const over = server.shutdown();
    assertEquals(await resting.read(new Uint8Array(1)).catch(() => null), null);
    resting.close();
    answer.resolve();
    assertEquals(await (await response).text(), "at last\n");
    await withDeadline(over, "it is over");
    assertEquals(server.connectionCount, 0);
  }, async () => {
    asked.resolve();
    await answer.promise;
    return new Response("at last\n");
  });
});
