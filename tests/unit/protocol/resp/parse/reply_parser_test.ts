import { ParseStatus, ReplyKind } from "../../../../../src/protocol/protocol.ts";
import { RespReplyParser } from "../../../../../src/protocol/resp/parse/reply_parser.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { randomCuts } from "../../../../support/tools/random_cuts.ts";
import { type Random, seededRandom } from "../../../../support/tools/seed.ts";
import { bytesOf } from "../parse.ts";

const { Complete, Incomplete, Malformed } = ParseStatus;

Deno.test("every malformed reply is told from an incomplete one", () => {
  const malformed = [
    ...[
      "x",
      "\r\n",
      "0\r\n",
      "$x\r\n",
      "$\r\n",
      "$-2\r\n",
      "$01\r\n",
      "$00\r\n",
      "$1\r\nabc",
      "$1\rx",
    ],
    ...["$1\r\na\rx", "$1073741825\r\n", "$99999999999999999999\r\n", "*x\r\n", "*-2\r\n", "*\r\n"],
    ...[
      "*01\r\n",
      "*2147483648\r\n",
      ":\r\n",
      ":1x\r\n",
      ":--1\r\n",
      ": 1\r\n",
      "_x\r\n",
      "#x\r\n",
    ],
    ...["#\r\n", "#tt\r\n", "%-1\r\n", "~-1\r\n", "=-1\r\n", "!-1\r\n", "+OK\rx", "*1\r\n>1\r\n"],
    ...["*2\r\n:1\r\nx", "$?\r\n", "*?\r\n", `+${"a".repeat(1024 * 1024 + 1)}`],
    `*2000000000\r\n*2000000000\r\n`,
  ];
  for (const text of malformed) {
    const bytes = bytesOf(text);
    const status = new RespReplyParser().parse(bytes, 0, bytes.length, false);
    assertEquals(status, Malformed, JSON.stringify(text.slice(0, 40)));
    if (bytes.length > 100) continue;
    const cut = new RespReplyParser();
    const early = cut.parse(bytes, 0, bytes.length - 1, false);
    assert(early !== Complete, `${JSON.stringify(text)} complete too early`);
  }
});

Deno.test("errors, attributes and pushes are known as such", () => {
  const cases: [string, number, boolean][] = [
    ["+OK\r\n", ReplyKind.Reply, false],
    ["-ERR x\r\n", ReplyKind.Reply, true],
    ["!5\r\nERR x\r\n", ReplyKind.Reply, true],
    ["*1\r\n-ERR x\r\n", ReplyKind.Reply, false],
    ["|1\r\n+a\r\n-b\r\n+OK\r\n", ReplyKind.Reply, false],
    ["|1\r\n+a\r\n-b\r\n-ERR x\r\n", ReplyKind.Reply, true],
    ["|0\r\n|1\r\n+a\r\n*1\r\n:1\r\n*1\r\n-ERR x\r\n", ReplyKind.Reply, false],
    ["|1\r\n+a\r\n+b\r\n>1\r\n+a\r\n", ReplyKind.Push, false],
    [">1\r\n+a\r\n", ReplyKind.Push, false],
    [">0\r\n", ReplyKind.Push, false],
  ];
  const parser = new RespReplyParser();
  for (const [text, kind, isError] of cases) {
    const bytes = bytesOf(`${text}+next\r\n`);
    assertEquals(parser.parse(bytes, 0, bytes.length, false), Complete, text);
    assertEquals([parser.frame.end, parser.frame.kind, parser.frame.isError], [
      text.length,
      kind,
      isError,
    ]);
  }
});

Deno.test("where a reply's attributes end is known, however its bytes come", () => {
  const attributes = [
    "",
    "|0\r\n",
    "|1\r\n+a\r\n*2\r\n:1\r\n$1\r\nb\r\n",
    "|0\r\n|1\r\n+a\r\n|0\r\n_\r\n",
  ];
  const replies = [
    "+OK\r\n",
    "-ERR x\r\n",
    "$3\r\nabc\r\n",
    "*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n*0\r\n",
  ];
  for (const attribute of attributes) {
    for (const reply of replies) {
      const bytes = bytesOf(`xx${attribute}${reply}+next\r\n`);
      const end = 2 + attribute.length + reply.length;
      for (let step = 1; step <= bytes.length; step++) {
        const parser = new RespReplyParser();
        let status: number = Incomplete;
        for (let received = 2; status === Incomplete; received += step) {
          assert(received < bytes.length + step, `${attribute}${reply} in steps of ${step}`);
          status = parser.parse(bytes, 2, Math.min(received, bytes.length), false);
        }
        const { frame } = parser;
        assertEquals(
          [status, frame.end, frame.attributeBytes, frame.isError],
          [Complete, end, attribute.length, reply.startsWith("-")],
        );
      }
    }
  }
});

Deno.test("a push is known as one from its first bytes on", () => {
  const parser = new RespReplyParser();
  const push = bytesOf(`>2\r\n+a\r\n$5000\r\n${"a".repeat(5000)}\r\n`);
  assertEquals(parser.parse(push, 0, 1, false), Incomplete);
  assertEquals(parser.frame.kind, ReplyKind.Push);
  assertEquals(parser.parse(push, 0, 100, true), Incomplete);
  assertEquals([parser.frame.kind, parser.keepFrom], [ReplyKind.Push, 100]);
  assertEquals(parser.parse(push, 100, push.length, true), Complete);
  assertEquals([parser.frame.kind, parser.frame.end], [ReplyKind.Push, push.length]);
});

Deno.test("what is needed follows from the declared length", () => {
  const parser = new RespReplyParser();
  const bytes = bytesOf("*2\r\n$100000\r\nab");
  assertEquals(parser.parse(bytes, 0, bytes.length, false), Incomplete);
  assertEquals([parser.keepFrom, parser.frameBytes], [0, 13 + 100_002]);
  assertEquals(parser.parse(bytes, 0, bytes.length, false), Incomplete);
});

Deno.test("an unwanted reply's bytes are let go as they arrive", () => {
  const parser = new RespReplyParser();
  const piece = new Uint8Array(1000).fill(0x61);
  const head = bytesOf("*2\r\n$5000\r\naaaa");
  assertEquals(parser.parse(head, 0, head.length, false), Incomplete);
  assertEquals(parser.keepFrom, 0);
  assertEquals(parser.parse(head, 0, head.length, true), Incomplete);
  assertEquals([parser.keepFrom, parser.frameBytes], [head.length, 1]);
  for (let arrived = 4; arrived + 1000 <= 5000; arrived += 1000) {
    assertEquals(parser.parse(piece, 0, 1000, true), Incomplete);
    assertEquals(parser.keepFrom, 1000);
  }
  const rest = bytesOf(`${"a".repeat(996)}\r\n:1\r\n+next\r\n`);
  assertEquals(parser.parse(rest, 0, rest.length, true), Complete);
  assertEquals(parser.frame.end, rest.length - "+next\r\n".length);
});

Deno.test("reset() forgets a reply that was begun", () => {
  const parser = new RespReplyParser();
  const begun = bytesOf(`*5\r\n:1\r\n+${"x".repeat(100)}`);
  assertEquals(parser.parse(begun, 0, begun.length, false), Incomplete);
  parser.reset();
  const bytes = bytesOf("+OK\r\n");
  assertEquals(parser.parse(bytes, 0, bytes.length, false), Complete);
  assertEquals(parser.frame.end, 5);
});

Deno.test("reset() forgets that a push was begun", () => {
  const parser = new RespReplyParser();
  const begun = bytesOf(">2\r\n+a");
  assertEquals(parser.parse(begun, 0, begun.length, false), Incomplete);
  assertEquals(parser.frame.kind, ReplyKind.Push);
  parser.reset();
  assertEquals(parser.frame.kind, ReplyKind.Reply);
});

Deno.test("an array of a million elements in pieces is looked at about once", () => {
  const count = 1_000_000;
  const bytes = bytesOf(`*${count}\r\n${":1\r\n".repeat(count)}`);
  let reads = 0;
  // Counting each read of a million elements takes long; every 16th piece shows the same.
  const watched = new Proxy(bytes, {
    get(target, property) {
      reads += 1;
      return Reflect.get(target, property, target);
    },
  });
  const parser = new RespReplyParser();
  let status: number = Incomplete;
  let watchedBytes = 0;
  for (let end = 0, piece = 0; end < bytes.length; piece++) {
    const length = Math.min(4096, bytes.length - end);
    end += length;
    const isWatched = piece % 16 === 0;
    if (isWatched) watchedBytes += length;
    status = parser.parse(isWatched ? watched : bytes, 0, end, false);
  }
  assertEquals([status, parser.frame.end], [Complete, bytes.length]);
  assert(reads < 4 * watchedBytes, `${reads} reads of ${watchedBytes} bytes`);
});

Deno.test("deep nesting needs no stack", () => {
  const depth = 100_000;
  const bytes = bytesOf(`${"*1\r\n".repeat(depth)}:1\r\n`);
  const parser = new RespReplyParser();
  assertEquals(parser.parse(bytes, 0, bytes.length - 1, false), Incomplete);
  assertEquals(parser.parse(bytes, 0, bytes.length, false), Complete);
});

Deno.test("random replies are found at random cuts, unwanted or not", () => {
  const random = seededRandom("random replies");
  for (let run = 0; run < 300; run++) {
    const replies = Array.from({ length: random.between(1, 5) }, () => randomReply(random, 3));
    const bytes = bytesOf(replies.join(""));
    for (const isDiscarded of [false, true]) {
      assertEquals(ends(bytes, random, isDiscarded), expectedEnds(replies), replies.join(""));
    }
  }
});

Deno.test("random bytes never complete a frame beyond them, and never throw", () => {
  const random = seededRandom("random bytes");
  const alphabet = bytesOf("+-:$*_#,(!=%~>|0123456789\r\n\r\n\r\nab");
  for (let run = 0; run < 3000; run++) {
    const bytes = Uint8Array.from(
      { length: random.between(1, 40) },
      () => random.pick([...alphabet]),
    );
    const parser = new RespReplyParser();
    const status = parser.parse(bytes, 0, bytes.length, random.chance(0.5));
    if (status === Complete) assert(parser.frame.end <= bytes.length);
    if (status === Incomplete) {
      assert(parser.keepFrom <= bytes.length);
      assert(parser.frameBytes > bytes.length - parser.keepFrom);
    }
  }
});

/** A reply of any type, nested up to `depth` levels. */
function randomReply(random: Random, depth: number): string {
  const text = "abc\r\n*$".slice(0, random.below(8));
  const word = "word".slice(random.below(4));
  const line = random.pick(["+", "-", ","]) + word;
  const flat = [`${line}\r\n`, `:${random.next()}\r\n`, "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n"];
  flat.push(`${random.pick(["$", "!", "="])}${text.length}\r\n${text}\r\n`);
  if (depth === 0 || random.chance(0.5)) return random.pick(flat);
  const count = random.below(4);
  const type = random.pick(["*", "~", "%"]);
  const elements = Array.from(
    { length: type === "%" ? 2 * count : count },
    () => randomReply(random, depth - 1),
  );
  return `${type}${count}\r\n${elements.join("")}`;
}

function expectedEnds(replies: string[]): number[] {
  let end = 0;
  return replies.map((reply) => end += reply.length);
}

/** Where the parser finds the ends of replies, counted in the whole stream. */
function ends(bytes: Uint8Array, random: Random, isDiscarded: boolean): number[] {
  const parser = new RespReplyParser();
  const found: number[] = [];
  let start = 0;
  let end = 0;
  for (const length of randomCuts(random, bytes.length)) {
    end += length;
    while (start < end) {
      const status = parser.parse(bytes, start, end, isDiscarded);
      if (status === Malformed) throw new Error(`Malformed at ${start}`);
      if (status === Incomplete) {
        start = parser.keepFrom;
        break;
      }
      start = parser.frame.end;
      found.push(start);
    }
  }
  return found;
}
