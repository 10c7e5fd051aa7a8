import { ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { seededRandom } from "../../../support/tools/seed.ts";
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
  const value = "flush_all\r\n".repeat(30);
  assertParsed(
    `set ${KEY_251} 0 0 ${value.length}\r\n${value}\r\nset k x 0 2\r\nab\r\n` +
      `ms ${KEY_251} ${value.length} S2\r\n${value}\r\nget a\r\n`,
    [
      refusedAs(format),
      refusedAs(format),
      refusedAs(format),
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

Deno.test("request parser gives up at a line above 16 KiB", () => {
  const tooLong = refusedAs("CLIENT_ERROR line too long\r\n");
  const longest = `delete k${" ".repeat(16_384 - 10)}\r\n`;
  assertEquals(longest.length, 16_384);
  assertParsed(longest, [forwardedAs("delete", ["k"], "delete k\r\n")]);
  assertParsed(`delete k${" ".repeat(16_384 - 9)}\r\n`, [tooLong], true);
  assertParsed("x".repeat(16_384), [tooLong], true);
  assertParsed(" ".repeat(16_384), [tooLong], true);
});

Deno.test("request parser hangs up on HTTP behind what came before", () => {
  assertParsed("get a\r\nPOST / HTTP/1.1\r\nset evil 0 0 4\r\npwnd\r\n", [
    forwardedAs("get", ["a"], "get a\r\n"),
    { command: null, keys: [], sent: "", refusal: null, isQuiet: false },
  ], true);
});

Deno.test("request parser takes key lists of 200,000 keys", () => {
  const keys = Array.from({ length: 200_000 }, (_, index) => `key:${index}`);
  const line = `get ${keys.join(" ")}\r\n`;
  const bytes = toBytes(line);
  const pieces = [0, 1, 2, 3].map((quarter) =>
    bytes.subarray(quarter * 600_000, (quarter + 1) * 600_000)
  );
  for (const cut of [[bytes], pieces]) {
    const { seen } = parseRequests(cut);
    assertEquals(seen.length, 1);
    assertEquals(seen[0]!.keys.length, 200_000);
    assertEquals(seen[0]!.keys.at(-1), "key:199999");
    assertEquals(seen[0]!.sent, line);
  }
  assertParsedWhole(`get ${"k ".repeat(1024 * 1024)}\r\n`, "CLIENT_ERROR too many keys\r\n", false);
});

Deno.test("request parser gives up at a key list above 8 MiB", () => {
  const start = "gets k";
  const longest = `${start}${" ".repeat(8 * 1024 * 1024 - start.length - 2)}\r\n`;
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

Deno.test("request parser finds meta commands, and takes what makes them quiet out", () => {
  assertParsed(
    "mg k v q Oab\r\nms k 2 q T0\r\nab\r\nmd k\r\nma k qq N0\r\nmg  k q\nme k b\r\nms k 1\r\nx\r\n",
    [
      forwardedAs("mg", ["k"], "mg k v Oab\r\n", true),
      forwardedAs("ms", ["k"], "ms k 2 T0\r\nab\r\n", true),
      forwardedAs("md", ["k"], "md k\r\n"),
      forwardedAs("ma", ["k"], "ma k N0\r\n", true),
      forwardedAs("mg", ["k"], "mg k\r\n", true),
      forwardedAs("me", ["k"], "me k b\r\n"),
      forwardedAs("ms", ["k"], "ms k 1\r\nx\r\n"),
    ],
  );
});
