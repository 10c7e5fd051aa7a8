/**
 * What parsing costs for memcache: pipelines of small requests and of their replies, and a key list
 * with its merge.
 *
 * @module
 */
import { ChunkPool } from "../../src/bytes/chunk_pool.ts";
import { keyMark } from "../../src/bytes/key_mark.ts";
import { SendLog } from "../../src/bytes/send_log.ts";
import { createMemcacheProtocol } from "../../src/protocol/memcache/mod.ts";
import { ParseStatus, type ReplyPart, RequestFrame } from "../../src/protocol/protocol.ts";

const PIPELINE = 32;
const KEYS = 10;
const VALUE = "x".repeat(32);

const encoder = new TextEncoder();
const protocol = createMemcacheProtocol();
const frame = new RequestFrame();
const requests = protocol.createRequestParser(frame);
const replies = protocol.createReplyParser(protocol.profiles.master);

function key(index: number): string {
  return `key:${String(index).padStart(12, "0")}`;
}

function repeated(make: (index: number) => string, count = PIPELINE): Uint8Array {
  return encoder.encode(Array.from({ length: count }, (_, index) => make(index)).join(""));
}

function parseRequests(bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start = frame.end) {
    if (requests.parse(bytes, start, bytes.length) !== ParseStatus.Complete) {
      throw new Error("Cannot measure: a request was not understood");
    }
  }
}

function parseReplies(bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; start = replies.frame.end) {
    if (replies.parse(bytes, start, bytes.length, false) !== ParseStatus.Complete) {
      throw new Error("Cannot measure: a reply was not understood");
    }
  }
}

const gets = repeated((index) => `get ${key(index)}\r\n`);
const sets = repeated((index) => `set ${key(index)} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`);
const keyList = encoder.encode(
  `get ${Array.from({ length: KEYS }, (_, index) => key(index)).join(" ")}\r\n`,
);
const block = (index: number) => `VALUE ${key(index)} 0 ${VALUE.length}\r\n${VALUE}\r\n`;
const hits = repeated((index) => `${block(index)}END\r\n`);
const misses = repeated(() => "END\r\n");
const stored = repeated(() => "STORED\r\n");

Deno.bench(`${PIPELINE} × get, request`, () => parseRequests(gets));
Deno.bench(`${PIPELINE} × set, request`, () => parseRequests(sets));
Deno.bench(`get of ${KEYS} keys, request`, () => parseRequests(keyList));
Deno.bench(`${PIPELINE} × hit, reply`, () => parseReplies(hits));
Deno.bench(`${PIPELINE} × miss, reply`, () => parseReplies(misses));
Deno.bench(`${PIPELINE} × STORED, reply`, () => parseReplies(stored));

const merge = {
  row: protocol.commands.rows[0]!,
  keyCount: KEYS,
  fragmentOfKey: Int32Array.from({ length: KEYS }, (_, index) => index % 2),
  keyMarks: Int32Array.from({ length: KEYS }, (_, index) => {
    const bytes = encoder.encode(key(index));
    return keyMark(bytes, 0, bytes.length);
  }),
  parts: [0, 1].map((part): ReplyPart => {
    const blocks = repeated((index) => block(2 * index + part), KEYS / 2);
    const bytes = new Uint8Array(blocks.length + 5);
    bytes.set(blocks);
    bytes.set(encoder.encode("END\r\n"), blocks.length);
    return { bytes, start: 0, end: bytes.length, failure: null, address: "" };
  }),
};
const log = new SendLog(new ChunkPool());

Deno.bench(`get of ${KEYS} keys, merge of 2 parts`, () => {
  protocol.writeMerged(merge, log, frame);
  for (let bytes = log.handOver(); bytes !== null; bytes = log.handOver()) log.wrote(bytes.length);
});
