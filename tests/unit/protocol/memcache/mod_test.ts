import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { PROFILES } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

const protocol = createMemcacheProtocol();

Deno.test("memcache needs no handshake", () => {
  assertEquals(protocol.handshake(PROFILES[2].master), []);
});

Deno.test("memcache probes by version, which only a version answers", () => {
  assertEquals(toText(protocol.probe), "version\r\n");
  const accepts = (text: string) => protocol.isProbeAccepted(toBytes(text), 0, text.length);
  assertEquals(accepts("VERSION 1.6.18\r\n"), true);
  assertEquals(accepts("ERROR\r\n"), false);
  assertEquals(accepts("SERVER_ERROR out of memory\r\n"), false);
  assertEquals(accepts("VERSION"), false);
});

Deno.test("memcache knows a binary request by its first byte", () => {
  assertEquals(protocol.foreignProtocol(0x80), "memcache binary");
  assertEquals(protocol.foreignProtocol(0x81), null);
  assertEquals(protocol.foreignProtocol(0x73), null);
});
