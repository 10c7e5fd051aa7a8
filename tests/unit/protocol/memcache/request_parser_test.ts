import { ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assert, assertEquals, assertMatch } from "../../../deps.ts";
import { seededRandom } from "../../../support/seed.ts";
import { cuttings, parseRequests, protocol, type SeenRequest, toBytes } from "./parse_stream.ts";

const KEY_250 = "k".repeat(250);
const KEY_251 = "k".repeat(251);

function forwardedAs(command: string, keys: string[], sent: string, isQuiet = false): SeenRequest {
  return { command, keys, sent, refusal: null, isQuiet };
}

function refusedAs(refusal: string, isQuiet = false): SeenRequest {
  return { command: null, keys: [], sent: "", refusal, isQuiet };
}

/** The stream must be understood alike however it is cut. */
function assertParsed(stream: string, expected: SeenRequest[], isMalformed = false): void {
  const random = seededRandom(`cuts of ${JSON.stringify(stream.slice(0, 40))}`);
  for (const pieces of cuttings(stream, random)) {
    const parsed = parseRequests(pieces);
    assertEquals(parsed.seen, expected);
    assertEquals(parsed.isMalformed, isMalformed);
  }
}

Deno.test("request parser finds retrievals and their keys", () => {
  assertParsed(
    `get a\r\ngets a bb ccc\r\ngat 10 a b\r\ngats -1 x\r\nget ${KEY_250}\r\n`,
    [
      forwardedAs("get", ["a"], "get a\r\n"),
      forwardedAs("gets", ["a", "bb", "ccc"], "gets a bb ccc\r\n"),
      forwardedAs("gat", ["a", "b"], "gat 10 a b\r\n"),
      forwardedAs("gats", ["x"], "gats -1 x\r\n"),
      forwardedAs("get", [KEY_250], `get ${KEY_250}\r\n`),
    ],
  );
});

Deno.test("request parser finds stored values, whatever bytes they have", () => {
  const value = "get a\r\n\x00\x80\xff\r\n";
  const length = value.length;
  assertParsed(
    `set k 1 2 ${length}\r\n${value}\r\ncas k 0 0 0 18446744073709551615\r\n\r\nadd k 0 0 1 word\nx\r\n`,
    [
      forwardedAs("set", ["k"], `set k 1 2 ${length}\r\n${value}\r\n`),
      forwardedAs("cas", ["k"], "cas k 0 0 0 18446744073709551615\r\n\r\n"),
      forwardedAs("add", ["k"], "add k 0 0 1 word\nx\r\n"),
    ],
  );
});

Deno.test("request parser takes noreply out of what backends get", () => {
  assertParsed(
    "set k 1 2 2 noreply\r\nab\r\ncas  k 1 2 2 3 noreply\r\nab\r\ndelete k noreply\r\n" +
      "delete k 0 noreply\r\nincr k 1 noreply\r\ntouch k 1 noreply\n",
    [
      forwardedAs("set", ["k"], "set k 1 2 2\r\nab\r\n", true),
      forwardedAs("cas", ["k"], "cas k 1 2 2 3\r\nab\r\n", true),
      forwardedAs("delete", ["k"], "delete k\r\n", true),
      forwardedAs("delete", ["k"], "delete k 0\r\n", true),
      forwardedAs("incr", ["k"], "incr k 1\r\n", true),
      forwardedAs("touch", ["k"], "touch k 1\r\n", true),
    ],
  );
});

Deno.test("request parser takes spaces before the name out of what backends get", () => {
  assertParsed("  get  a   b \r\n", [forwardedAs("get", ["a", "b"], "get a b\r\n")]);
});

Deno.test("request parser answers errors in the server's words and goes on", () => {
  const format = "CLIENT_ERROR bad command line format\r\n";
  assertParsed(
    `\r\n\nx\r\nGET a\r\nget\r\nset k\r\nget a ${KEY_251}\r\nincr k abc\r\ntouch k abc\r\n` +
      "gat abc k\r\ngat 0\r\nset k 0 0 -1\r\ndelete k 5\r\nget a\x00b\r\nget a\r\n",
    [
      refusedAs("ERROR\r\n"),
      refusedAs("ERROR\r\n"),
      refusedAs("ERROR\r\n"),
      refusedAs("ERROR\r\n"),
      refusedAs("ERROR\r\n"),
      refusedAs("ERROR\r\n"),
      refusedAs(format),
      refusedAs("CLIENT_ERROR invalid numeric delta argument\r\n"),
      refusedAs("CLIENT_ERROR invalid exptime argument\r\n"),
      refusedAs("CLIENT_ERROR invalid exptime argument\r\n"),
      refusedAs("END\r\n"),
      refusedAs(format),
      refusedAs(
        "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
      ),
      refusedAs(format),
      forwardedAs("get", ["a"], "get a\r\n"),
    ],
  );
});

Deno.test("request parser answers nothing to a bad request that wants no reply", () => {
  assertParsed("incr k abc noreply\r\nset k 0 0 1 noreply\r\nxyz\r\nget a\r\n", [
    refusedAs("", true),
    refusedAs("", true),
    refusedAs("ERROR\r\n"),
    forwardedAs("get", ["a"], "get a\r\n"),
  ]);
});

Deno.test("request parser skips a value without its line end and goes on behind it", () => {
  assertParsed("set k 0 0 2\r\nabcdef\r\nget a\r\n", [
    refusedAs("CLIENT_ERROR bad data chunk\r\n"),
    refusedAs("ERROR\r\n"),
    forwardedAs("get", ["a"], "get a\r\n"),
  ]);
});

Deno.test("request parser skips the value of a refused request whose length is known", () => {
  const format = "CLIENT_ERROR bad command line format\r\n";
  const meta =
    "CLIENT_ERROR ms is not supported by this proxy: it has the classic commands only\r\n";
  const value = "flush_all\r\n".repeat(30);
  assertParsed(
    `set ${KEY_251} 0 0 ${value.length}\r\n${value}\r\nset k x 0 2\r\nab\r\n` +
      `ms k ${value.length} S2\r\n${value}\r\nget a\r\n`,
    [
      refusedAs(format),
      refusedAs(format),
      refusedAs(meta),
      forwardedAs("get", ["a"], "get a\r\n"),
    ],
  );
});

Deno.test("request parser keeps nothing of a value that is too large for any server", () => {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const length = 1024 * 1024 * 1024 + 1;
  const line = toBytes(`set k 0 0 ${length}\r\n`);
  assertEquals(parser.parse(line, 0, line.length), ParseStatus.Incomplete);
  assertEquals(parser.keepFrom, line.length);
  const piece = new Uint8Array(64 * 1024 * 1024);
  let due = length + 2;
  while (due > piece.length) {
    assertEquals(parser.parse(piece, 0, piece.length), ParseStatus.Incomplete);
    assertEquals(parser.keepFrom, piece.length);
    due -= piece.length;
  }
  assertEquals(parser.parse(piece, 0, piece.length), ParseStatus.Complete);
  assertEquals(frame.end, due);
  assertEquals(
    new TextDecoder().decode(frame.refusal!),
    "SERVER_ERROR object too large for cache\r\n",
  );
});

Deno.test("request parser says how many bytes a large value needs", () => {
  const parser = protocol.createRequestParser(new RequestFrame());
  const line = toBytes("set k 0 0 1000000\r\n");
  assertEquals(parser.parse(line, 0, line.length), ParseStatus.Incomplete);
  assertEquals(parser.frameBytes, line.length + 1_000_002);
  assertEquals(parser.keepFrom, 0);
});

Deno.test("request parser gives up at a line above 2,048 bytes", () => {
  const tooLong = refusedAs("CLIENT_ERROR line too long\r\n");
  const longest = `delete k${" ".repeat(2048 - 10)}\r\n`;
  assertEquals(longest.length, 2048);
  assertParsed(longest, [forwardedAs("delete", ["k"], longest)]);
  assertParsed(`delete k${" ".repeat(2048 - 9)}\r\n`, [tooLong], true);
  assertParsed("x".repeat(2048), [tooLong], true);
  assertParsed(" ".repeat(2048), [tooLong], true);
  assertParsed(`gat 0 ${"k ".repeat(1100)}\r\n`, [tooLong], true);
});

Deno.test("request parser takes key lists up to 1 MiB and 65,535 keys", () => {
  const keys = Array.from({ length: 65_535 }, (_, index) => `key:${index}`);
  const line = `get ${keys.join(" ")}\r\n`;
  const bytes = toBytes(line);
  const pieces = [0, 1, 2, 3].map((quarter) =>
    bytes.subarray(quarter * 200_000, (quarter + 1) * 200_000)
  );
  for (const cut of [[bytes], pieces]) {
    const { seen } = parseRequests(cut);
    assertEquals(seen.length, 1);
    assertEquals(seen[0]!.keys.length, 65_535);
    assertEquals(seen[0]!.keys.at(-1), "key:65534");
    assertEquals(seen[0]!.sent, line);
  }
  assertParsedWhole(`get ${"k ".repeat(65_536)}\r\n`, "CLIENT_ERROR too many keys\r\n", false);
});

Deno.test("request parser gives up at a key list above 1 MiB", () => {
  const start = "gets k";
  const longest = `${start}${" ".repeat(1024 * 1024 - start.length - 2)}\r\n`;
  assertEquals(parseRequests([toBytes(longest)]).seen[0]!.keys, ["k"]);
  assertParsedWhole(` ${longest}`, "CLIENT_ERROR line too long\r\n", true);
  assertParsedWhole(`${longest.slice(0, -1)}  `, "CLIENT_ERROR line too long\r\n", true);
});

function assertParsedWhole(stream: string, refusal: string, isMalformed: boolean): void {
  const parsed = parseRequests([toBytes(stream)]);
  assertEquals(parsed.seen.length, 1);
  assertEquals(parsed.seen[0]!.refusal, refusal);
  assertEquals(parsed.isMalformed, isMalformed);
}

Deno.test("request parser reads a line that comes byte by byte once", () => {
  const parser = protocol.createRequestParser(new RequestFrame());
  const line = toBytes(`get ${"k".repeat(1_000_000)}\r\n`);
  const reads = { count: 0 };
  const counted = new Proxy(line, {
    get(target, name) {
      if (typeof name === "string" && name !== "length") reads.count += 1;
      return Reflect.get(target, name, target);
    },
  });
  for (let end = 500_000; end <= 500_100; end++) {
    assertEquals(parser.parse(counted, 0, end), ParseStatus.Incomplete);
  }
  assert(reads.count < 510_000, `${reads.count} bytes were read`);
});

Deno.test("request parser gives up at a binary request once its header is there", () => {
  const header = `\x80\x00\x00\x01${"\0".repeat(20)}`;
  const cut = parseRequests([toBytes(`get a\r\n${header.slice(0, -1)}`)]);
  assertEquals([cut.isMalformed, cut.seen.length], [false, 1]);
  const { seen, isMalformed } = parseRequests([toBytes(`get a\r\n${header}`)]);
  assertEquals(isMalformed, true);
  assertEquals(seen[0]!.refusal, null);
  assertMatch(seen[1]!.refusal!, /The proxy speaks the text protocol only$/);
  assertEquals(protocol.foreignProtocol(0x80), "memcache binary");
  assertEquals(protocol.foreignProtocol(0x67), null);
});
