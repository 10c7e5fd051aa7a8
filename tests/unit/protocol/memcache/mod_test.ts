import { failures } from "../../../../src/failure.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import {
  BINARY_PROFILES,
  META_PROFILES,
  TEXT_PROFILES,
} from "../../../../src/protocol/memcache/profiles.ts";
import { assertEquals } from "../../../deps.ts";
import { reply, request } from "./binary/packets.ts";
import { toBytes, toText } from "./parse_stream.ts";

const protocol = createMemcacheProtocol();
/** As long as the header of a packet. */
const PROBE = `${"version".padEnd(24)}\r\n`;
/** A packet that ends as a line does. */
const HELLO = request({ operation: 0x00, key: "\r\n" });

Deno.test("servers show how they speak before the first packet and the first meta command", () => {
  assertEquals(protocol.handshake(TEXT_PROFILES.master), []);
  assertEquals(protocol.handshake(BINARY_PROFILES.master).map((one) => toText(one)), [HELLO]);
  assertEquals(protocol.handshake(META_PROFILES.master).map((one) => toText(one)), [
    PROBE,
  ]);
  const failure = (text: string) =>
    protocol.handshakeFailure(toBytes(text), 0, text.length)?.name ?? null;
  for (const version of ["1.6.12", "1.6.18-x", "1.7.0", "2.0.0", "1.10.1"]) {
    assertEquals(failure(`VERSION ${version}\r\n`), null, version);
  }
  assertEquals(failure(reply({ operation: 0x00, status: 1, value: "Not found" })), null);
  assertEquals(failure(reply({ operation: 0x00, status: 0x20 })), "backend_login");
  for (const answer of ["VERSION 1.6.11\r\n", "VERSION 1.5.22\r\n", "ERROR\r\n"]) {
    assertEquals(failure(answer), "dialect_unsupported", answer);
  }
});

Deno.test("a server that hangs up at the handshake does not speak like the client", () => {
  for (
    const failure of [failures.backendClosed, failures.backendReset, failures.backendMalformed]
  ) {
    assertEquals(protocol.handshakeLost!(failure), failures.dialectUnsupported);
  }
  assertEquals(protocol.handshakeLost!(failures.backendLogin), null);
  assertEquals(protocol.handshakeLost!(failures.connectTimeout), null);
});

Deno.test("memcache probes by version, which only a version answers", () => {
  assertEquals(toText(protocol.probe), PROBE);
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
