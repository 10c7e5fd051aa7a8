import { ChunkPool } from "../../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../../src/bytes/send_log.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf, protocol, request } from "../parse.ts";
import { RequestFrame } from "../../../../../src/protocol/protocol.ts";

/** What the protocol writes for the first request of `text`, all of it or the given keys. */
function written(text: string, keys: number[] | null): string {
  const bytes = bytesOf(`junk${text}junk`);
  const frame = new RequestFrame();
  protocol.createRequestParser(frame).parse(bytes, 4, bytes.length);
  const log = new SendLog(new ChunkPool());
  if (keys === null) {
    protocol.writeRequest(frame, bytes, log);
  } else {
    const nextKey = new Int32Array(frame.keyCount).fill(-1);
    for (let index = 1; index < keys.length; index++) nextKey[keys[index - 1]!] = keys[index]!;
    const selection = { firstKey: keys[0]!, keyCount: keys.length, nextKey };
    protocol.writeFragment(frame, bytes, selection, log);
  }
  const chunk = log.newest!;
  return new TextDecoder().decode(chunk.bytes.subarray(0, chunk.filled));
}

Deno.test("a fragment has the command and its keys in the client's order", () => {
  const text = request("MGET", "a", "", "ccc", "d\r\n");
  assertEquals(written(text, [0]), request("MGET", "a"));
  assertEquals(written(text, [1, 3]), request("MGET", "", "d\r\n"));
  assertEquals(written(text, [0, 1, 2, 3]), text);
});

Deno.test("MSET's values go with their keys", () => {
  const text = request("mset", "a", "1", "b", "", "c", "3\r\n4");
  assertEquals(written(text, [1]), request("mset", "b", ""));
  assertEquals(written(text, [0, 2]), request("mset", "a", "1", "c", "3\r\n4"));
});

Deno.test("fragments of inline requests are arrays", () => {
  const line = 'del a "b b" cc\r\n';
  assertEquals(written(line, [1]), request("del", "b b"));
  assertEquals(written(line, [0, 2]), request("del", "a", "cc"));
  assertEquals(written("mset a 1 b '2 2'\r\n", [1]), request("mset", "b", "2 2"));
});

Deno.test("inline requests become arrays", () => {
  assertEquals(written("set k v\r\n", null), request("set", "k", "v"));
  assertEquals(written("set \"k'\" '\\'v' \"\"\n", null), request("set", "k'", "'v", ""));
  const long = "x".repeat(1000);
  assertEquals(written(`set k ${long}\r\n`, null), request("set", "k", long));
});

Deno.test("a fragment with a value above a chunk's size lies in one chunk", () => {
  const value = "v".repeat(100_000);
  assertEquals(written(request("MSET", "a", value, "b", "2"), [0]), request("MSET", "a", value));
});
