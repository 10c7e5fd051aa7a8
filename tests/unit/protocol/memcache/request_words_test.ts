import { rowOf } from "../../../../src/protocol/memcache/binary/commands.ts";
import { requestPacket } from "../../../../src/protocol/memcache/binary/packet.ts";
import { MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import { BINARY_PROFILES, TEXT_PROFILES } from "../../../../src/protocol/memcache/profiles.ts";
import { requestWords } from "../../../../src/protocol/memcache/request_words.ts";
import { assertEquals } from "../../../deps.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const [row] = new MemcacheCommands().rows;

function lineWords(text: string): string[] {
  const bytes = encoder.encode(`..${text}`);
  return requestWords(row!, bytes, 2, bytes.length, TEXT_PROFILES.master)
    .map((word) => decoder.decode(word));
}

Deno.test("the words of a line are shown, and no value", () => {
  assertEquals(lineWords("set k 0 0 3\r\nabc\r\n"), ["set", "k", "0", "0", "3"]);
  assertEquals(lineWords("get  a b\r\n"), ["get", "a", "b"]);
  assertEquals(lineWords("get a"), ["get", "a"]);
});

Deno.test("of a packet the operation and the key are shown", () => {
  const bytes = requestPacket(0x00, encoder.encode("key"));
  const words = requestWords(rowOf(0x00)!, bytes, 0, bytes.length, BINARY_PROFILES.master);
  assertEquals(words.map((word) => decoder.decode(word)), ["get", "key"]);
  const short = requestWords(rowOf(0x00)!, bytes, 0, 10, BINARY_PROFILES.master);
  assertEquals(short.map((word) => decoder.decode(word)), ["get"]);
});
