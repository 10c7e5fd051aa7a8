import { keyMark } from "../../../../src/bytes/key_mark.ts";
import { failures } from "../../../../src/failure.ts";
import type { MergeParts, ReplyPart } from "../../../../src/protocol/protocol.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { assertEquals } from "../../../deps.ts";
import { type Random, seededRandom } from "../../../support/tools/seed.ts";
import { parseReplies, protocol, toBytes, toText, written } from "./parse_stream.ts";

function part(reply: string): ReplyPart {
  const bytes = toBytes(`..${reply}END\r\n`);
  return { bytes, start: 2, end: 2 + reply.length, failure: null, address: "" };
}

function merged(
  keys: readonly string[],
  fragmentOfKey: readonly number[],
  parts: readonly ReplyPart[],
  hasMarks = true,
): string {
  const marks = keys.map((key) => keyMark(toBytes(key), 0, key.length));
  const merge: MergeParts = {
    row: protocol.commands.rows[0]!,
    keyCount: keys.length,
    fragmentOfKey: Int32Array.from(fragmentOfKey),
    keyMarks: hasMarks ? Int32Array.from(marks) : null,
    parts,
  };
  const text = written((target) => protocol.writeMerged(merge, target, new RequestFrame()));
  // Key by key it is the same.
  const long = protocol.beginMerge!(merge)!;
  const byKey = written((target) => {
    while (!long.writeSome(target, 1)) continue;
  });
  assertEquals(byKey, text);
  return text;
}

const A = "VALUE a 0 1\r\n1\r\n";
const B = "VALUE b 0 5 77\r\nEND\r\n\r\n";
const C = "VALUE c 0 0\r\n\r\n";

Deno.test("merge puts the values of all parts in key order before one END", () => {
  const parts = [part(`${A}${C}END\r\n`), part(`${B}END\r\n`)];
  assertEquals(merged(["a", "b", "c"], [0, 1, 0], parts), `${A}${B}${C}END\r\n`);
  assertEquals(merged(["a", "b", "c"], [0, 1, 0], parts, false), `${A}${B}${C}END\r\n`);
});

Deno.test("merge keeps key order where keys are missing", () => {
  const parts = [part(`${C}END\r\n`), part(`${B}END\r\n`)];
  assertEquals(merged(["a", "b", "c"], [0, 1, 0], parts), `${B}${C}END\r\n`);
  assertEquals(merged(["a", "b"], [0, 1], [part("END\r\n"), part("END\r\n")]), "END\r\n");
});

Deno.test("merge answers a key that was asked twice twice", () => {
  const parts = [part(`${A}${A}END\r\n`), part(`${B}END\r\n`)];
  assertEquals(merged(["a", "b", "a"], [0, 1, 0], parts), `${A}${B}${A}END\r\n`);
});

Deno.test("merge loses no value of a backend with another order", () => {
  const parts = [part(`${C}${A}END\r\n`), part(`${B}END\r\n`)];
  assertEquals(merged(["a", "b", "c"], [0, 1, 0], parts), `${B}${C}${A}END\r\n`);
});

Deno.test("merge lets the first error be the whole reply", () => {
  const good = part(`${A}END\r\n`);
  const address = "127.0.0.1:11212";
  const failed = { ...good, end: good.start, failure: failures.backendTimeout, address };
  const keys = ["a", "b"];
  assertEquals(
    merged(keys, [0, 1], [good, failed]),
    "SERVER_ERROR backend 127.0.0.1:11212: no reply in time\r\n",
  );
  const error = part("SERVER_ERROR out of memory\r\n");
  assertEquals(merged(keys, [0, 1], [error, failed]), "SERVER_ERROR out of memory\r\n");
  const late = part(`${B}SERVER_ERROR out of memory writing get response\r\n`);
  assertEquals(
    merged(keys, [0, 1], [good, late]),
    "SERVER_ERROR out of memory writing get response\r\n",
  );
  assertEquals(
    merged(keys, [0, 1], [good, part("STORED\r\n")]),
    "SERVER_ERROR malformed reply\r\n",
  );
});

/** A server with some of the items. */
function answer(request: string, items: ReadonlyMap<string, string>): string {
  let reply = "";
  for (const key of request.trimEnd().split(" ").slice(1)) {
    const value = items.get(key);
    if (value !== undefined) reply += `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;
  }
  return `${reply}END\r\n`;
}

/** Splits a random request over random servers and merges what they say. */
function splitAndMerge(random: Random): void {
  const serverCount = random.between(1, 4);
  const all = new Map<string, string>();
  const keys = Array.from({ length: random.between(2, 12) }, () => `key${random.below(9)}`);
  for (const key of keys) {
    if (random.chance(0.6)) all.set(key, toText(random.bytes(random.below(20))));
  }
  const request = `get ${keys.join(" ")}\r\n`;
  const frame = new RequestFrame();
  const bytes = toBytes(request);
  protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
  const fragmentOfKey = keys.map((key) => key.charCodeAt(3) % serverCount);
  const parts: ReplyPart[] = [];
  for (let server = 0; server < serverCount; server++) {
    const ordinals = [...keys.keys()].filter((key) => fragmentOfKey[key] === server);
    const nextKey = new Int32Array(keys.length).fill(-1);
    ordinals.slice(1).forEach((key, index) => nextKey[ordinals[index]!] = key);
    if (ordinals.length === 0) {
      parts.push(part("END\r\n"));
      continue;
    }
    const selection = { firstKey: ordinals[0]!, keyCount: ordinals.length, nextKey };
    const sent = written((target) => protocol.writeFragment(frame, bytes, selection, target));
    parts.push(part(answer(sent, all)));
  }
  const reply = merged(keys, fragmentOfKey, parts);
  assertEquals(reply, answer(request, all));
  assertEquals(parseReplies([toBytes(reply)]).seen, [{ text: reply, isError: false }]);
}

Deno.test("a split and merged request is answered as one server answers the whole one", () => {
  const random = seededRandom("split and merge");
  for (let round = 0; round < 500; round++) splitAndMerge(random);
});

Deno.test("where failures are misses a failed server's keys are, and nothing else", () => {
  const lenient = createMemcacheProtocol({ failureIsMiss: true });
  const said = (...parts: ReplyPart[]) =>
    written((target) =>
      lenient.writeMerged(
        {
          row: lenient.commands.rows[0]!,
          keyCount: 2,
          fragmentOfKey: Int32Array.of(0, 1),
          keyMarks: null,
          parts,
        },
        target,
        new RequestFrame(),
      )
    );
  const failed = { ...part("END\r\n"), failure: failures.backendClosed, address: "a:1" };
  assertEquals(said(part(`${A}END\r\n`), failed), `${A}END\r\n`);
  assertEquals(said(failed, failed), "END\r\n");
  const error = "SERVER_ERROR out of memory writing get response\r\n";
  assertEquals(said(part(`${A}END\r\n`), part(error)), error);
});
