/**
 * Sends odd lines to two real memcached servers: to one as they are, to the other through parser,
 * rewriting and reply parser as the proxy does. Behind each line `mn` is sent on the same
 * connection: whatever was forwarded must have had exactly one reply, or the next one is not MN.
 *
 * @module
 */
import { createMemcacheAnswers } from "../../../../src/memcached/local.ts";
import { Action } from "../../../../src/protocol/command_table.ts";
import { ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/local_rig.ts";
import { type MemcachedServer, startMemcachedServer } from "../../../support/memcached_server.ts";
import { seededRandom } from "../../../support/seed.ts";
import { withDeadline } from "../../../support/poll.ts";
import { MovingBuffer, protocol, toBytes, toText, written } from "./parse_stream.ts";

const K250 = "k".repeat(250);
const K251 = "k".repeat(251);
const FORMAT = "CLIENT_ERROR bad command line format\r\n";
const CHUNK = "CLIENT_ERROR bad data chunk\r\n";
const DELTA = "CLIENT_ERROR invalid numeric delta argument\r\n";
const EXPIRY = "CLIENT_ERROR invalid exptime argument\r\n";
const USAGE = "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";
const LARGE = "SERVER_ERROR object too large for cache\r\n";
const ERROR = "ERROR\r\n";
const BIG = `2000000\r\n${"x".repeat(2_000_000)}\r\n`;

/**
 * What is sent, what the proxy's client gets, and what a client of the server gets if that
 * differs.
 */
type OddLine = readonly [send: string, proxied: string, direct?: string];

const emptyLines: OddLine[] = [
  ["\r\n", ERROR],
  ["\n", ERROR],
  ["   \r\n", ERROR],
  ["x\r\n", ERROR],
  ["bogus\r\n", ERROR],
  ["GET a\r\n", ERROR],
  ["Set k 0 0 2\r\nab\r\n", ERROR + ERROR],
  ["bogus k 0 0 2\r\nab\r\n", ERROR + ERROR],
  ["getx a\r\n", ERROR],
  ["\x00get a\r\n", FORMAT, ERROR],
];

const retrievals: OddLine[] = [
  ["get\r\n", ERROR],
  ["get \r\n", ERROR],
  ["gets\r\n", ERROR],
  ["get none\n", "END\r\n"],
  ["  get  none \r\n", "END\r\n"],
  ["get noreply\r\n", "VALUE noreply 0 2\r\nab\r\nEND\r\n"],
  [`get ${K250}\r\n`, "END\r\n"],
  [`get ${K251}\r\n`, FORMAT],
  [`get a ${K251} b\r\n`, FORMAT],
  [`get a${" b".repeat(30)} ${K251}\r\n`, FORMAT],
  [`get ${"b ".repeat(3000)}\r\n`, "END\r\n"],
  [`gets ${"b ".repeat(20_000)}\r\n`, "END\r\n"],
  ["get a\x00b\r\n", FORMAT, "END\r\n"],
  ["get a\x01\x7f\ta\r\n", "END\r\n"],
  ["get a\r b\r\r\n", "END\r\n"],
  ["get \xff\xfe\r\n", "END\r\n"],
  ["gat\r\n", ERROR],
  ["gat 0\r\n", "END\r\n"],
  ["gat x\r\n", EXPIRY],
  ["gat x a\r\n", EXPIRY],
  ["gat 1x a\r\n", EXPIRY],
  ["gat 0 a\r\n", "END\r\n"],
  ["gats -1 a b\r\n", "END\r\n"],
  [`gat 0 ${"z ".repeat(1020)}\r\n`, "END\r\n"],
  ["gat 99999999999 a\r\n", EXPIRY, "END\r\n"],
  [`gat 0 ${K251}\r\n`, FORMAT],
  [`gat 0 a${" b".repeat(30)} ${K251}\r\n`, FORMAT],
];

const storage: OddLine[] = [
  ["set\r\n", ERROR],
  ["set k\r\n", ERROR],
  ["set k 0 0\r\n", ERROR],
  ["set k 0 0 -1\r\n", FORMAT],
  ["set k 0 0 -1\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 x\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 2x\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 0x2\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 2147483646\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 2147483648\r\nab\r\n", FORMAT + ERROR],
  ["set k 0 0 noreply\r\nab\r\n", ERROR],
  ["set k x 0 2\r\nab\r\n", FORMAT, FORMAT + ERROR],
  ["set k -1 0 2\r\nab\r\n", FORMAT, FORMAT + ERROR],
  ["set k 0 x 2\r\nab\r\n", FORMAT, FORMAT + ERROR],
  [`set ${K251} 0 0 2\r\nab\r\n`, FORMAT, FORMAT + ERROR],
  [`set ${K251} 0 0 2 noreply\r\nab\r\n`, "", ERROR],
  ["set k 4294967296 0 2\r\nab\r\n", FORMAT, "STORED\r\n"],
  ["set k 0 2147483648 2\r\nab\r\n", FORMAT, "STORED\r\n"],
  ["set k 4294967295 0 2\r\nab\r\n", "STORED\r\n"],
  ["set k 0 -1 2\r\nab\r\n", "STORED\r\n"],
  ["set k 0 -2147483648 2\r\nab\r\n", "STORED\r\n"],
  ["set k +1 +1 +2\r\nab\r\n", "STORED\r\n"],
  ["set k 00 000 0000000000000000002\r\nab\r\n", "STORED\r\n"],
  ["set k 0 0 \t2\r\nab\r\n", FORMAT + ERROR, "STORED\r\n"],
  ["set k 0 0 2\r\r\nab\r\n", FORMAT + ERROR, "STORED\r\n"],
  ["set k 0 0 2\nab\r\n", "STORED\r\n"],
  ["set k 0 0 2 \r\nab\r\n", "STORED\r\n"],
  ["  set  k  0  0  2\r\nab\r\n", "STORED\r\n"],
  [`set ${K250} 0 0 0\r\n\r\n`, "STORED\r\n"],
  ["set noreply 0 0 2\r\nab\r\n", "STORED\r\n"],
  ["set k 0 0 2 word\r\nab\r\n", "STORED\r\n"],
  ["set k 0 0 2 noreply\r\nab\r\n", ""],
  ["  set  k  0 0 2  noreply \nab\r\n", ""],
  ["set k 0 0 2 noreply x\r\nab\r\n", ERROR + ERROR],
  ["set k 0 0 2 noreply noreply\r\nab\r\n", ERROR + ERROR],
  ["set k 0 0 2\r\nabc\r\n", CHUNK + ERROR],
  ["set k 0 0 2\r\nabcdef\r\n", CHUNK + ERROR],
  ["set k 0 0 2\r\nab\n\n", CHUNK],
  ["set k 0 0 2\r\na\r\n\r\n", CHUNK + ERROR],
  ["set k 0 0 2 noreply\r\nabcdef\r\n", ERROR],
  ["set a\x00b 0 0 2\r\nab\r\n", FORMAT + ERROR, ERROR + ERROR],
  ["set a\tb 0 0 2\r\nab\r\n", "STORED\r\n"],
  [`set big 0 0 ${BIG}`, LARGE],
  [`set big 0 0 ${BIG.replace("\r\n", " noreply\r\n")}`, ""],
  ["add k 0 0 2\r\nab\r\n", "NOT_STORED\r\n"],
  ["add k 0 0 2 noreply\r\nab\r\n", ""],
  ["replace none 0 0 2\r\nab\r\n", "NOT_STORED\r\n"],
  ["append none 0 0 2\r\nab\r\n", "NOT_STORED\r\n"],
  ["prepend k 0 0 2 noreply\r\ncd\r\n", ""],
  ["get k\r\n", "VALUE k 0 4\r\ncdab\r\nEND\r\n"],
  ["cas k 0 0 2\r\nab\r\n", ERROR + ERROR],
  ["cas k 0 0 2 x\r\nab\r\n", FORMAT, FORMAT + ERROR],
  ["cas k 0 0 2 -1\r\nab\r\n", FORMAT, FORMAT + ERROR],
  ["cas k 0 0 2 18446744073709551616\r\nab\r\n", FORMAT, FORMAT + ERROR],
  ["cas k 0 0 2 18446744073709551615\r\nab\r\n", "EXISTS\r\n"],
  ["cas k 0 0 2 99999\r\nab\r\n", "EXISTS\r\n"],
  ["cas none 0 0 2 1\r\nab\r\n", "NOT_FOUND\r\n"],
  ["cas k 0 0 2 1 noreply\r\nab\r\n", ""],
  ["cas k 0 0 2 99999 word\r\nab\r\n", "EXISTS\r\n"],
  ["cas k 0 0 2 noreply\r\nab\r\n", "", ERROR],
  ["cas k 0 0 2 1 2 3\r\nab\r\n", ERROR + ERROR],
];

const others: OddLine[] = [
  ["delete\r\n", ERROR],
  ["delete k\r\n", "DELETED\r\n"],
  ["delete k 0\r\n", "NOT_FOUND\r\n"],
  ["delete k 1\r\n", USAGE],
  ["delete k 0 0\r\n", USAGE],
  ["delete k 0 0 0\r\n", ERROR],
  ["delete k noreply\r\n", ""],
  ["delete k 0 noreply\r\n", ""],
  ["delete k 1 noreply\r\n", ""],
  ["delete k noreply noreply\r\n", ""],
  ["delete k 0 noreply noreply\r\n", ERROR],
  ["delete noreply\r\n", "DELETED\r\n"],
  ["delete noreply noreply\r\n", ""],
  [`delete ${K251}\r\n`, FORMAT],
  [`delete ${K251} noreply\r\n`, ""],
  ["set n 0 0 2\r\n10\r\n", "STORED\r\n"],
  ["incr\r\n", ERROR],
  ["incr n\r\n", ERROR],
  ["incr n abc\r\n", DELTA],
  ["incr n -1\r\n", DELTA],
  ["incr n 1x\r\n", DELTA],
  ["incr n 18446744073709551616\r\n", DELTA],
  ["incr n noreply\r\n", ""],
  ["incr n abc noreply\r\n", ""],
  ["incr n noreply noreply\r\n", ""],
  ["incr n 1 noreply noreply\r\n", ERROR],
  [`incr ${K251} 1\r\n`, FORMAT],
  ["incr n +1\r\n", "11\r\n"],
  ["incr n 1 word\r\n", "12\r\n"],
  ["incr n 1 noreply\r\n", ""],
  ["decr n 3\r\n", "10\r\n"],
  ["decr n 18446744073709551615\r\n", "0\r\n"],
  ["incr none 1\r\n", "NOT_FOUND\r\n"],
  ["set word 0 0 1\r\nx\r\n", "STORED\r\n"],
  ["incr word 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"],
  ["incr word 1 noreply\r\n", ""],
  ["touch\r\n", ERROR],
  ["touch n\r\n", ERROR],
  ["touch n x\r\n", EXPIRY],
  ["touch n 0\r\n", "TOUCHED\r\n"],
  ["touch n 0 word\r\n", "TOUCHED\r\n"],
  ["touch n 0 noreply\r\n", ""],
  ["touch n noreply\r\n", ""],
  ["touch n noreply noreply\r\n", ""],
  ["touch n x noreply\r\n", ""],
  ["touch n 1 2 3\r\n", ERROR],
  [`touch ${K251} 1\r\n`, FORMAT],
  ["verbosity\r\n", ERROR],
  ["verbosity 0\r\n", "OK\r\n"],
  ["verbosity 0 word\r\n", "OK\r\n"],
  ["verbosity x\r\n", FORMAT],
  ["verbosity -1\r\n", FORMAT],
  ["verbosity 0 noreply\r\n", ""],
  ["verbosity noreply\r\n", ""],
  ["verbosity 0 1 2\r\n", ERROR],
  ["version noreply\r\n", "VERSION 1.5.22\r\n", "VERSION 1.6.18\r\n"],
  ["flush_all\r\n", refused("flush_all", ": it would empty every server"), "OK\r\n"],
  ["flush_all noreply\r\n", ""],
  ["cache_memlimit\r\n", refused("cache_memlimit", ": it concerns a single server"), ERROR],
  [
    "shutdown\r\n",
    refused("shutdown", ": it would end a server"),
    "ERROR: shutdown not enabled\r\n",
  ],
  ["stats detail\r\n", refused("stats", ": it concerns a single server"), detailUsage()],
  ["mn\r\n", refusedMeta("mn"), "MN\r\n"],
  ["mg none\r\n", refusedMeta("mg"), "EN\r\n"],
  ["md none q\r\n", refusedMeta("md"), "NF\r\n"],
  ["mx none\r\n", ERROR],
  ["ms k 2\r\nab\r\n", refusedMeta("ms"), "HD\r\n"],
  ["ms k 2 q\r\nab\r\n", refusedMeta("ms"), ""],
  ["ms k 2 Z\r\nab\r\n", refusedMeta("ms"), "CLIENT_ERROR invalid flag\r\n"],
  ["ms k S2\r\nab\r\n", refusedMeta("ms") + ERROR, FORMAT + ERROR],
  ["ms k -1\r\nab\r\n", refusedMeta("ms") + ERROR, FORMAT + ERROR],
  ["ms k\r\nab\r\n", refusedMeta("ms") + ERROR, FORMAT + ERROR],
  ["ms\r\nab\r\n", refusedMeta("ms") + ERROR, ERROR + ERROR],
  [`ms ${K251} 2\r\nab\r\n`, refusedMeta("ms"), FORMAT + ERROR],
  [
    `ms k 2${" s".repeat(17)}\r\nab\r\n`,
    refusedMeta("ms") + ERROR,
    "CLIENT_ERROR options flags too long\r\n" + ERROR,
  ],
  [`ms k ${BIG}`, refusedMeta("ms"), LARGE],
];

function refused(command: string, why: string): string {
  return `CLIENT_ERROR ${command} is not supported by this proxy${why}\r\n`;
}

function refusedMeta(command: string): string {
  return refused(command, ": it has the classic commands only");
}

function detailUsage(): string {
  return "CLIENT_ERROR usage: stats detail on|off|dump\r\n";
}

/** One connection to a memcached. */
class Link {
  readonly #connection: Deno.TcpConn;
  readonly #parser = protocol.createReplyParser();
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
    else if (frame.row!.action === Action.Local) answer += local(frame, bytes);
    else {
      const request = frame.isRewritten
        ? toBytes(written((target) => protocol.writeRequest(frame, bytes, target)))
        : bytes.subarray(frame.start, frame.end);
      const { isQuiet } = frame;
      await backend.send(request);
      const reply = await backend.reply();
      if (!isQuiet) answer += reply;
    }
  }
  await backend.send(MARKER);
  assertEquals(await backend.reply(), "MN\r\n", `one reply each to ${shown(send)}`);
  return answer;
}

function shown(send: string): string {
  return JSON.stringify(send.slice(0, 80));
}

function local(frame: RequestFrame, bytes: Uint8Array): string {
  const client = new LocalRigClient();
  createMemcacheAnswers().answer(client, frame, bytes);
  return client.replies.join("");
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
      const seen = send === "mn\r\n" ? await direct.reply() : await direct.upToMarker();
      if (send === "mn\r\n") await direct.upToMarker();
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
