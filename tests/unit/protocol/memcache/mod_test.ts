import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import {
  BINARY_PROFILES,
  META_PROFILES,
  TEXT_PROFILES,
} from "../../../../src/protocol/memcache/profiles.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

const protocol = createMemcacheProtocol();

Deno.test("servers are asked for their version before the first meta command, and for nothing else", () => {
  assertEquals(protocol.handshake(TEXT_PROFILES.master), []);
  assertEquals(protocol.handshake(BINARY_PROFILES.master), []);
  assertEquals(protocol.handshake(META_PROFILES.master).map((one) => toText(one)), [
    "version\r\n",
  ]);
  const failure = (text: string) =>
    protocol.handshakeFailure(toBytes(text), 0, text.length)?.name ?? null;
  for (const version of ["1.6.12", "1.6.18-x", "1.7.0", "2.0.0", "1.10.1"]) {
    assertEquals(failure(`VERSION ${version}\r\n`), null, version);
  }
  for (const answer of ["VERSION 1.6.11\r\n", "VERSION 1.5.22\r\n", "ERROR\r\n"]) {
    assertEquals(failure(answer), "dialect_unsupported", answer);
  }
});

Deno.test("memcache probes by version, which only a version answers", () => {
  assertEquals(toText(protocol.probe), "version\r\n");
  const accepts = (text: string) => protocol.isProbeAccepted(toBytes(text), 0, text.length);
  assertEquals(accepts("VERSION 1.6.18\r\n"), true);
  assertEquals(accepts("ERROR\r\n"), false);
  assertEquals(accepts("SERVER_ERROR out of memory\r\n"), false);
  assertEquals(accepts("VERSION"), false);
});

Deno.test("a client's first byte says how it speaks", () => {
  const binary = protocol.dialectOf!(0x80);
  assertEquals(binary.profiles, BINARY_PROFILES);
  for (const byte of [0x81, 0x00, 0x73]) assertEquals(protocol.dialectOf!(byte), protocol);
  assertEquals(protocol.profiles, TEXT_PROFILES);
  assertEquals(protocol.profilesApart, META_PROFILES);
});

Deno.test("memcache knows TLS by its first byte", () => {
  assertEquals(protocol.foreignProtocol(0x16), "TLS");
  assertEquals(protocol.foreignProtocol(0x73), null);
});
