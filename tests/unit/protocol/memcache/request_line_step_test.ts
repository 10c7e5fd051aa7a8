/**
 * Sends odd lines to two real memcached servers: to one as they are, to the other through parser,
 * rewriting and reply parser as the proxy does. Behind each line `mn` is sent on the same
 * connection: whatever was forwarded must have had exactly one reply, or the next one is not MN.
 *
 * @module
 */
import { TEXT_PROFILES } from "../../../../src/protocol/memcache/profiles.ts";
import { NO_OPERATION, ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import {
  type MemcachedServer,
  startMemcachedServer,
} from "../../../support/servers/memcached_server.ts";
import { seededRandom } from "../../../support/tools/seed.ts";
import { withDeadline } from "../../../support/tools/poll.ts";
import { emptyLines, K250, K251, others, retrievals, storage } from "./odd_lines.ts";
import { MovingBuffer, protocol, toBytes, toText, written } from "./parse_stream.ts";

/** One connection to a memcached. */
class Link {
  readonly #connection: Deno.TcpConn;
  readonly #parser = protocol.createReplyParser(TEXT_PROFILES.master);
  readonly #received = new MovingBuffer();

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** The next reply as the proxy's parser finds it. */
  async reply(): Promise<string> {
    for (;;) {
      const { bytes, start, end } = this.#received;
      const status = this.#parser.parse(bytes, start, end, false);
      if (status === ParseStatus.Complete) {
        this.#received.consume(this.#parser.frame.end);
        return toText(bytes, start, this.#parser.frame.end);
      }
      assertEquals(status, ParseStatus.Incomplete);
      await this.#read();
    }
  }

  /** Everything up to a reply MN, as text without it. */
  async upToMarker(): Promise<string> {
    for (;;) {
      const { bytes, start, end } = this.#received;
      const text = toText(bytes, start, end);
      if (text.endsWith("MN\r\n")) {
        this.#received.consume(end);
        return text.slice(0, -4);
      }
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await withDeadline(this.#connection.read(buffer), "memcached answers");
    if (count === null) throw new Error("memcached closed the connection");
    this.#received.add(buffer.subarray(0, count));
  }
}

const MARKER = toBytes("mn\r\n");

async function connect(server: MemcachedServer): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: server.hostname, port: server.port });
}

/** What a client of the proxy would get for `send`. */
async function proxied(send: string, backend: Link): Promise<string> {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const bytes = toBytes(send);
  let answer = "";
  for (let start = 0; start < bytes.length; start = frame.end) {
    const status = parser.parse(bytes, start, bytes.length);
    // The rest is the beginning of a value, which a proxy would wait for.
    if (status === ParseStatus.Incomplete) break;
    assertEquals(status, ParseStatus.Complete);
    if (frame.refusal !== null) answer += toText(frame.refusal);
    else {
      const request = frame.isRewritten
        ? toBytes(written((target) => protocol.writeRequest(frame, bytes, target)))
        : bytes.subarray(frame.start, frame.end);
      const { isQuiet, operation, opaque } = frame;
      await backend.send(request);
      const reply = toBytes(await backend.reply());
      const isSilent = isQuiet && (operation === NO_OPERATION ||
        !protocol.breaksSilence!({ isQuiet, operation, opaque }, reply, 0, reply.length));
      if (!isSilent) answer += toText(reply);
    }
  }
  await backend.send(MARKER);
  assertEquals(await backend.reply(), "MN\r\n", `one reply each to ${shown(send)}`);
  return answer;
}

function shown(send: string): string {
  return JSON.stringify(send.slice(0, 80));
}

for (
  const [name, lines] of Object.entries({
    "empty and unknown": emptyLines,
    "retrieval": retrievals,
    "storage": storage,
    "other": others,
  })
) {
  Deno.test(`a real memcached answers each forwarded line once: ${name} lines`, async () => {
    await using directServer = await startMemcachedServer();
    await using backendServer = await startMemcachedServer();
    using directConnection = await connect(directServer);
    using backendConnection = await connect(backendServer);
    const direct = new Link(directConnection);
    const backend = new Link(backendConnection);
    const setUp = toBytes("set k 0 0 2\r\nab\r\nset noreply 0 0 2\r\nab\r\n");
    for (const link of [direct, backend]) {
      await link.send(setUp);
      assertEquals([await link.reply(), await link.reply()], ["STORED\r\n", "STORED\r\n"]);
    }
    for (const [send, answer, directAnswer] of lines) {
      await direct.send(toBytes(`${send}mn\r\n`));
      const seen = await direct.upToMarker();
      assertEquals(seen, directAnswer ?? answer, `memcached to ${shown(send)}`);
      assertEquals(await proxied(send, backend), answer, `the proxy to ${shown(send)}`);
    }
  });
}

/** Words that mean something somewhere, good and bad. */
const vocabulary = [
  ..."get gets gat gats set add replace append prepend cas delete incr decr touch".split(" "),
  ..."noreply noreply 0 1 2 -1 +1 2x 007 abc k n none 2147483648 4294967296".split(" "),
  "18446744073709551616",
  K250,
  K251,
  "\xff\x80",
  "a\tb",
  "a\rb",
  "\x01",
  "\x00",
];

Deno.test("a real memcached answers whatever is forwarded of random lines once", async () => {
  const random = seededRandom("random lines");
  await using server = await startMemcachedServer();
  using connection = await connect(server);
  const backend = new Link(connection);
  for (let round = 0; round < 600; round++) {
    const words = [random.pick(vocabulary.slice(0, 14))];
    while (random.chance(0.75) && words.length < 8) words.push(random.pick(vocabulary));
    const space = random.chance(0.1) ? "  " : " ";
    const line = `${random.chance(0.1) ? " " : ""}${words.join(space)}`;
    const data = random.pick(["", "ab\r\n", "x\r\n", "\r\n", "abc\n", "incr n 1\r\n"]);
    await proxied(`${line}${random.chance(0.2) ? "\n" : "\r\n"}${data}`, backend);
  }
});
