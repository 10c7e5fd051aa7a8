import { ParseStatus, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { Action } from "../../../../../src/protocol/command_table.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { evenCuts } from "../../../../support/tools/random_cuts.ts";
import { bytesOf, parse, protocol, request } from "../parse.ts";

const { Complete, Incomplete, Malformed } = ParseStatus;

Deno.test("every malformed request has the text that Redis answers, and closes", () => {
  const cases: [string, string][] = [
    ["*x\r\n", "invalid multibulk length"],
    ["*\r\n", "invalid multibulk length"],
    ["*1 \r\n", "invalid multibulk length"],
    ["*01\r\n", "invalid multibulk length"],
    ["*+1\r\n", "invalid multibulk length"],
    ["*1048577\r\n", "invalid multibulk length"],
    ["*1\rx", "invalid multibulk length"],
    ["*2\rx$1\r\n", "invalid multibulk length"],
    ["*1\r\n$x\r\n", "invalid bulk length"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$\r\n", "invalid bulk length"],
    ["*1\r\n$03\r\n", "invalid bulk length"],
    ["*1\r\n$536870913\r\n", "invalid bulk length"],
    ["*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
    ["*1\r\n$4\r\nPINGxx", "invalid bulk length"],
    ["*1\r\n$4\r\nPING\rx", "invalid bulk length"],
    ["*1\r\n$14\rx", "invalid bulk length"],
    ["*1\r\n+PING\r\n", "expected '$', got '+'"],
    ["*2\r\n$3\r\nGET\r\n3", "expected '$', got '3'"],
    ["*2\r\n$3\r\nGET\r\n\r\n", "expected '$', got ' '"],
    [`*${"1".repeat(65_537)}`, "too big mbulk count string"],
    [`*1\r\n$${"1".repeat(65_537)}`, "too big bulk count string"],
    ["a".repeat(65_537), "too big inline request"],
    [`PING ${"a".repeat(65_537)}\r\n`, "too big inline request"],
    ['set k "v\r\n', "unbalanced quotes in request"],
    ['set k "v"x\r\n', "unbalanced quotes in request"],
    ["set k 'v\\'\r\n", "unbalanced quotes in request"],
    ["get a\0b\r\n", "NUL in inline request"],
  ];
  for (const [bytes, text] of cases) {
    const { status, refusal } = parse(bytes);
    assertEquals(status, Malformed, JSON.stringify(bytes.slice(0, 40)));
    assertEquals(refusal, `-ERR Protocol error: ${text}\r\n`);
  }
});

Deno.test("other protocols are closed without an answer", () => {
  const cases: [Uint8Array, string | null][] = [
    [Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00), "TLS"],
    [Uint8Array.of(0x80, 0x00, 0x00, 0x03), "memcache binary"],
    [bytesOf("POST / HTTP/1.1\r\n"), null],
    [bytesOf("Host: example.org\r\n"), null],
  ];
  for (const [bytes, name] of cases) {
    const { status, refusal } = parse(bytes);
    assertEquals([status, refusal], [Malformed, null]);
    assertEquals(protocol.foreignProtocol(bytes[0]!), name);
  }
});

Deno.test("unknown commands are named with their first words, clipped", () => {
  const cases: [string, string][] = [
    [request("foo"), "'foo', with args beginning with: "],
    [request("foo", "a", "b"), "'foo', with args beginning with: 'a' 'b' "],
    [request("a\r\nb", "\r\n"), "'a  b', with args beginning with: '  ' "],
    [
      request("x".repeat(129), "y".repeat(200), "z"),
      `'${"x".repeat(128)}', with args beginning with: '${"y".repeat(128)}' `,
    ],
    [
      request("foo", "y".repeat(100), "z".repeat(100), "last"),
      `'foo', with args beginning with: '${"y".repeat(100)}' '${"z".repeat(25)}' `,
    ],
    [request("a\0b", "c\0d"), "'a', with args beginning with: 'c' "],
  ];
  for (const [bytes, text] of cases) {
    const looked = parse(bytes);
    assertEquals(looked.status, Complete);
    assertEquals(looked.frame.row, null);
    assertEquals(looked.refusal, `-ERR unknown command ${text}\r\n`);
  }
});

Deno.test("a wrong number of words is refused with the row set", () => {
  for (const words of [["GET"], ["get", "a", "b"], ["MSET", "a"]]) {
    const { status, refusal, frame } = parse(request(...words));
    assertEquals(status, Complete);
    assertEquals(frame.row?.name, words[0]!.toLowerCase());
    assertEquals(
      refusal,
      `-ERR wrong number of arguments for '${words[0]!.toLowerCase()}' command\r\n`,
    );
  }
  const odd = parse(request("MSET", "a", "1", "b"));
  assertEquals(odd.refusal, "-ERR wrong number of arguments for 'mset' command\r\n");
});

Deno.test("refused commands say why", () => {
  for (const row of protocol.commands.rows) {
    if (row.action !== Action.Refuse) continue;
    const words = [row.name, ...new Array<string>(Math.abs(row.arity) - 1).fill("1")];
    const { refusal, frame } = parse(request(...words));
    assertEquals(frame.row, row);
    assertEquals(refusal, `-ERR ${row.refusal}\r\n`);
    assert(row.refusal!.startsWith(`'${row.name}' is not supported: `), row.name);
  }
  assertEquals(
    parse(request("MONITOR")).refusal,
    "-ERR 'monitor' is not supported: it shows what one server does; connect to that server\r\n",
  );
});

Deno.test("local commands reach their answers without keys", () => {
  const names = protocol.commands.rows
    .filter(({ action, firstKey, keyFinder }) =>
      action === Action.Local && firstKey === 0 && keyFinder === null
    )
    .map((row) => row.name).sort();
  assertEquals(names, [
    ...[
      "asking",
      "auth",
      "client",
      "cluster",
      "command",
      "discard",
      "echo",
      "exec",
      "function",
      "hello",
    ],
    "hotkey",
    ...["info", "lolwut", "multi", "ping", "psubscribe", "pubsub", "punsubscribe", "quit"],
    ...["randomkey", "readonly", "readwrite", "reset", "scan", "script", "select", "slowlog"],
    ...["subscribe", "time", "unsubscribe", "unwatch", "wait", "waitaof"],
  ]);
  const { frame, refusal } = parse(request("PING", "x"));
  assertEquals([frame.keyCount, frame.extraKey, refusal], [0, -1, null]);
});

Deno.test("keys are those of the row's columns", () => {
  const cases: [string[], string[]][] = [
    [["GET", "k"], ["k"]],
    [["SET", "k", "v", "EX", "1"], ["k"]],
    [["MGET", "a", "b", "c"], ["a", "b", "c"]],
    [["MSET", "a", "1", "b", "2"], ["a", "b"]],
    [["MSETNX", "a", "1"], ["a"]],
    [["DEL", "a"], ["a"]],
    [["RENAME", "a", "b"], ["a", "b"]],
    [["BITOP", "AND", "d", "a", "b"], ["d", "a", "b"]],
    [["LMOVE", "a", "b", "LEFT", "RIGHT"], ["a", "b"]],
    [["LCS", "a", "b", "LEN"], ["a", "b"]],
    [["SORT_RO", "k", "BY", "p"], ["k"]],
  ];
  for (const [words, keys] of cases) {
    const looked = parse(request(...words));
    assertEquals(looked.keys, keys, words.join(" "));
    assertEquals([looked.extraKey, looked.refusal], [null, null]);
  }
});

Deno.test("only inline requests are to be rewritten", () => {
  assertEquals(parse(request("GET", "k")).frame.isRewritten, false);
  assertEquals(parse("GET k\r\n").frame.isRewritten, true);
  assertEquals(parse('GET "k"\r\n').frame.isRewritten, true);
});

Deno.test("a frame after an inline, a refused and a long one is as if it were the first", () => {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const last = request("GET", "k");
  for (
    const first of [
      'SET "a" b\r\n',
      request("BLPOP", "a", "0"),
      request("ZUNIONSTORE", "d", "1", "a"),
      request("nope"),
      request("MGET", ...new Array<string>(200).fill("x")),
    ]
  ) {
    const bytes = bytesOf(first + last);
    assertEquals(parser.parse(bytes, 0, bytes.length), Complete);
    assertEquals(parser.parse(bytes, frame.end, bytes.length), Complete);
    const { row, keyCount, firstKey, keyStep, extraKey, refusal, isRewritten, isQuiet } = frame;
    assertEquals(row?.name, "get");
    assertEquals([keyCount, firstKey, keyStep, extraKey], [1, 1, 1, -1]);
    assertEquals([refusal, isRewritten, isQuiet], [null, false, false]);
    assertEquals([frame.start, frame.end], [bytes.length - last.length, bytes.length]);
  }
});

Deno.test("what is needed follows from the declared length, and nothing is looked at before", () => {
  const parser = protocol.createRequestParser(new RequestFrame());
  const head = bytesOf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000000\r\n");
  assertEquals(parser.parse(head, 0, head.length), Incomplete);
  assertEquals(parser.keepFrom, 0);
  assertEquals(parser.frameBytes, head.length + 100_000_002);
  const watched = watch(new Uint8Array(50_000));
  assertEquals(parser.parse(watched.bytes, 0, 50_000), Incomplete);
  assertEquals(watched.reads(), 0);
});

Deno.test("skipped bytes are let go", () => {
  const parser = protocol.createRequestParser(new RequestFrame());
  const bytes = bytesOf("xx\r\n*0\r\n*-1\r\n*2\r\n$3");
  assertEquals(parser.parse(bytes, 2, bytes.length), Incomplete);
  assertEquals(parser.keepFrom, 13);
  assertEquals(parser.parse(bytes, 13, 13 + 7), Incomplete);
  const empty = bytesOf("\r\n");
  const other = protocol.createRequestParser(new RequestFrame());
  assertEquals(other.parse(empty, 0, 2), Incomplete);
  assertEquals([other.keepFrom, other.frameBytes], [2, 1]);
});

Deno.test("a request above 1 GiB is refused before its bytes arrive", () => {
  const parser = protocol.createRequestParser(new RequestFrame());
  const bulk = 400 * 1024 * 1024;
  const buffer = new Uint8Array(2 * bulk + 200);
  let end = 0;
  const put = (text: string) => {
    buffer.set(bytesOf(text), end);
    end += text.length;
  };
  put(`*4\r\n$3\r\nSET\r\n$${bulk}\r\n`);
  end += bulk;
  put(`\r\n$${bulk}\r\n`);
  assertEquals(parser.parse(buffer, 0, end), Incomplete);
  end += bulk;
  put(`\r\n$${bulk}\r\n`);
  assertEquals(parser.parse(buffer, 0, end), Malformed);
  assertEquals(
    new TextDecoder().decode(parser.frame.refusal!),
    "-ERR Protocol error: too big request\r\n",
  );
});

Deno.test("declared counts allocate nothing: offsets follow the words that came", () => {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const bytes = bytesOf(`*1048576\r\n${"$1\r\nx\r\n".repeat(100)}`);
  assertEquals(parser.parse(bytes, 0, bytes.length), Incomplete);
  assert(frame.offsets.length <= 256, `${frame.offsets.length} offsets`);
});

Deno.test("a request of 100,000 words in pieces of 1 KB is looked at about once", () => {
  const keys = Array.from({ length: 99_999 }, (_, index) => `k${index}`);
  const text = request("MGET", ...keys);
  const watched = watch(bytesOf(text));
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  let end = 0;
  let status: number = Incomplete;
  for (const length of evenCuts(text.length, 1024)) {
    end += length;
    status = parser.parse(watched.bytes, 0, end);
  }
  assertEquals(status, Complete);
  assertEquals(frame.keyCount, 99_999);
  assert(watched.reads() < 1.5 * text.length, `${watched.reads()} reads of ${text.length} bytes`);
});

Deno.test("a long line that comes byte by byte is looked at about once", () => {
  for (const line of ["x".repeat(60_000), `*${"1".repeat(60_000)}`]) {
    const watched = watch(bytesOf(line));
    const parser = protocol.createRequestParser(new RequestFrame());
    for (let end = 1; end <= line.length; end++) {
      assertEquals(parser.parse(watched.bytes, 0, end), Incomplete);
    }
    assert(watched.reads() < 50 * line.length, `${watched.reads()} reads`);
  }
});

/** Counts the bytes that are read out of an array. */
function watch(bytes: Uint8Array): { bytes: Uint8Array; reads: () => number } {
  let reads = 0;
  const watched = new Proxy(bytes, {
    get(target, property) {
      reads += 1;
      return Reflect.get(target, property, target);
    },
  });
  return { bytes: watched, reads: () => reads };
}
