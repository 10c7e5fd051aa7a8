import { passwordOfLine, passwordOfPacket } from "../../../../src/memcached/login/passwords.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { request } from "../../protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../../protocol/memcache/parse_stream.ts";
import { assertEquals } from "../../../deps.ts";

const protocol = createMemcacheProtocol();

function read(text: string, reader: typeof passwordOfLine): string[] | null {
  const frame = new RequestFrame();
  const bytes = toBytes(`..${text}`);
  protocol.dialectOf!(bytes[2]!).createRequestParser(frame).parse(bytes, 2, bytes.length);
  const found = reader(frame, bytes);
  return found && [toText(found.username), toText(found.password)];
}

Deno.test("a line's value is a user and a password", () => {
  const line = (value: string) =>
    read(`set any 0 0 ${value.length}\r\n${value}\r\n`, passwordOfLine);
  assertEquals(line("ann secret"), ["ann", "secret"]);
  assertEquals(line("  ann  secret more"), ["ann", "secret"]);
  assertEquals(line("a \xff\x00"), ["a", "\xff\x00"]);
  for (const value of ["", "ann", " ann "]) assertEquals(line(value), null);
});

Deno.test("a packet of SASL PLAIN has an identity, a user and a password", () => {
  const packet = (key: string, value: string) =>
    read(request({ operation: 0x21, key, value }), passwordOfPacket);
  assertEquals(packet("PLAIN", "\0ann\0secret"), ["ann", "secret"]);
  assertEquals(packet("PLAIN", "other\0ann\0se\0cret"), ["ann", "se\0cret"]);
  assertEquals(packet("PLAIN", "\0\0"), ["", ""]);
  for (const value of ["", "ann", "\0ann"]) assertEquals(packet("PLAIN", value), null);
  assertEquals(packet("CRAM-MD5", "\0ann\0secret"), null);
});
