import {
  loginFailure,
  loginRequest,
  wantsLogin,
} from "../../../../src/protocol/memcache/backend_login.ts";
import {
  BINARY_PROFILES,
  META_PROFILES,
  TEXT_PROFILES,
} from "../../../../src/protocol/memcache/profiles.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { assertEquals } from "../../../deps.ts";
import { reply, request } from "./binary/packets.ts";
import { toBytes, toText } from "./parse_stream.ts";

const credentials = { username: "ann", password: "sécret" };

Deno.test("each kind of connection logs in by its own means, and leaves no password behind", () => {
  const line = "set aster-login 0 -1 11\r\nann s\xc3\xa9cret\r\n";
  const packet = request({ operation: 0x21, key: "PLAIN", value: "\0ann\0s\xc3\xa9cret" });
  assertEquals(toText(loginRequest(credentials, TEXT_PROFILES.master)), line);
  assertEquals(toText(loginRequest(credentials, BINARY_PROFILES.master)), packet);
  const unnamed = loginRequest({ username: null, password: "x" }, TEXT_PROFILES.master);
  assertEquals(toText(unnamed), "set aster-login 0 -1 9\r\ndefault x\r\n");
  const protocol = createMemcacheProtocol({ credentials });
  assertEquals(protocol.handshake(META_PROFILES.master).map((one) => toText(one)), [
    line,
    `${"version".padEnd(24)}\r\n`,
  ]);
});

Deno.test("only a yes is one", () => {
  const failure = (text: string) => loginFailure(toBytes(text), 0, text.length)?.name ?? null;
  assertEquals(failure("STORED\r\n"), null);
  assertEquals(failure(reply({ operation: 0x21, value: "Authenticated" })), null);
  for (
    const no of [
      "CLIENT_ERROR authentication failure\r\n",
      "NOT_STORED\r\n",
      reply({ operation: 0x21, status: 0x20 }),
      reply({ operation: 0x21, status: 0x81 }),
    ]
  ) {
    assertEquals(failure(no), "backend_login");
  }
});

Deno.test("a server that wants a login is known by its errors", () => {
  const wants = (text: string) => wantsLogin(toBytes(text), 0, text.length);
  assertEquals(wants("CLIENT_ERROR unauthenticated\r\n"), true);
  assertEquals(wants(reply({ operation: 0x00, status: 0x20 })), true);
  // That may be because of a server that must not be flushed.
  assertEquals(wants(reply({ operation: 0x08, status: 0x20 })), false);
  assertEquals(wants("CLIENT_ERROR bad data chunk\r\n"), false);
  assertEquals(wants(reply({ operation: 0x00, status: 0x01 })), false);
});
