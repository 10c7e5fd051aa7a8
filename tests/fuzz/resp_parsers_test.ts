/**
 * The parsers of the Redis protocol on streams that are damaged at random. How it works: 1. join a few valid
 * frames; 2. change, drop or repeat some bytes; 3. parse the stream whole, then cut at random; 4. both must
 * find the same frames and the same end, and nothing may be read past what was received.
 */
import { ParseStatus, PROFILES, RequestFrame } from "../../src/protocol/protocol.ts";
import { createRespProtocol } from "../../src/protocol/resp/mod.ts";
import { assert, assertEquals } from "../deps.ts";
import { randomCuts } from "../support/tools/random_cuts.ts";
import { type Random, scaled, seededRandom } from "../support/tools/seed.ts";

const STREAMS = 2000;

const protocol = createRespProtocol();
const decoder = new TextDecoder("latin1");

const requests = [
  ...["*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*3\r\n$3\r\nSET\r\n$2\r\nkk\r\n$12\r\nvvvvvvvvvvvv\r\n"],
  ...[`*13\r\n$4\r\nMGET\r\n${"$2\r\nab\r\n".repeat(12)}`, "*0\r\n", "\r\n", "get k\r\n"],
  ...[
    "set \"a b\" 'c\\'d'\r\n",
    'set x"y\\n" z\n',
    "*4\r\n$4\r\nEVAL\r\n$1\r\ns\r\n$1\r\n1\r\n$1\r\nk\r\n",
  ],
];

const replies = [
  ...[
    "+OK\r\n",
    "-ERR x\r\n",
    ":12\r\n",
    "$5\r\nhello\r\n",
    "$-1\r\n",
    "*-1\r\n",
    "_\r\n",
    "#f\r\n",
  ],
  ...["*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "%1\r\n+a\r\n:1\r\n", "|1\r\n+a\r\n:1\r\n", ">1\r\n+m\r\n"],
];

/** Bytes that matter to the parsers; random ones would seldom get past a frame's first byte. */
const alphabet = [..."*$:+-_#%|>0123456789\r\n\r\n\"'\\x a\0"].map((one) => one.charCodeAt(0));

function damagedStream(random: Random, frames: readonly string[]): Uint8Array {
  let text = "";
  for (let count = random.between(1, 4); count > 0; count--) text += random.pick(frames);
  const bytes = Array.from(text, (character) => character.charCodeAt(0));
  for (let count = random.below(4); count > 0; count--) {
    const position = random.below(bytes.length);
    if (random.chance(0.6)) bytes[position] = random.pick(alphabet);
    else if (random.chance(0.5)) bytes.splice(position, random.between(1, 3));
    else bytes.splice(position, 0, random.pick(alphabet));
    if (bytes.length === 0) bytes.push(0x2a);
  }
  return Uint8Array.from(bytes);
}

/** What a parser made of a stream: a text a frame, and how it ended. */
type Findings = string[];

/** Feeds a stream in pieces, each time in an array of its own that holds nothing behind what arrived. */
function feed(
  bytes: Uint8Array,
  cuts: readonly number[],
  look: (held: Uint8Array) => { status: number; next: number; found: string },
): Findings {
  const findings: Findings = [];
  let held = new Uint8Array(0);
  let received = 0;
  for (const length of cuts) {
    const grown = new Uint8Array(held.length + length);
    grown.set(held);
    grown.set(bytes.subarray(received, received + length), held.length);
    held = grown;
    received += length;
    for (;;) {
      const { status, next, found } = look(held);
      assert(next >= 0 && next <= held.length, "a position within what was received");
      held = held.slice(next);
      if (status === ParseStatus.Incomplete) break;
      findings.push(found);
      if (status === ParseStatus.Malformed) return findings;
      if (held.length === 0) break;
    }
  }
  return findings;
}

function requestFindings(bytes: Uint8Array, cuts: readonly number[]): Findings {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  return feed(bytes, cuts, (held) => {
    const status = parser.parse(held, 0, held.length);
    if (status === ParseStatus.Incomplete) {
      assert(parser.frameBytes > held.length - parser.keepFrom, "asks for more than there is");
      return { status, next: parser.keepFrom, found: "" };
    }
    const refusal = frame.refusal === null ? "" : decoder.decode(frame.refusal);
    if (status === ParseStatus.Malformed) return { status, next: 0, found: `closed ${refusal}` };
    const words = Array.from({ length: frame.argumentCount }, (_, word) => {
      const end = frame.argumentEnd(word);
      assert(end <= frame.end, "a word within its frame");
      return decoder.decode(held.subarray(frame.argumentStart(word), end));
    });
    const keys = `${frame.firstKey} ${frame.keyCount} ${frame.extraKey}`;
    return { status, next: frame.end, found: JSON.stringify([words, keys, refusal]) };
  });
}

function replyFindings(bytes: Uint8Array, cuts: readonly number[], isDiscarded: boolean): Findings {
  const parser = protocol.createReplyParser(PROFILES[2].master);
  return feed(bytes, cuts, (held) => {
    const status = parser.parse(held, 0, held.length, isDiscarded);
    if (status === ParseStatus.Incomplete) {
      assert(parser.frameBytes > held.length - parser.keepFrom, "asks for more than there is");
      return { status, next: parser.keepFrom, found: "" };
    }
    const { end, kind, isError } = parser.frame;
    if (status === ParseStatus.Malformed) return { status, next: 0, found: "closed" };
    return { status, next: end, found: `${kind} ${isError}` };
  });
}

Deno.test("damaged requests are understood alike however they are cut", () => {
  const random = seededRandom("damaged requests");
  for (let run = 0; run < scaled(STREAMS); run++) {
    const bytes = damagedStream(random, requests);
    const whole = requestFindings(bytes, [bytes.length]);
    const cuts = randomCuts(random, bytes.length);
    assertEquals(requestFindings(bytes, cuts), whole, `${JSON.stringify(decoder.decode(bytes))}`);
  }
});

Deno.test("damaged replies are understood alike however they are cut, wanted or not", () => {
  const random = seededRandom("damaged replies");
  for (let run = 0; run < scaled(STREAMS); run++) {
    const bytes = damagedStream(random, replies);
    const whole = replyFindings(bytes, [bytes.length], false);
    for (const isDiscarded of [false, true]) {
      const cuts = randomCuts(random, bytes.length);
      const text = JSON.stringify(decoder.decode(bytes));
      assertEquals(replyFindings(bytes, cuts, isDiscarded), whole, text);
    }
  }
});
