import {
  isErrorStatus,
  read16,
  read32,
  replyPacket,
  requestPacket,
  Status,
  statusOf,
  write16,
  write32,
} from "../../../../../src/protocol/memcache/binary/packet.ts";
import { assertEquals } from "../../../../deps.ts";
import { toBytes, toText } from "../parse_stream.ts";
import { reply, request } from "./packets.ts";

Deno.test("numbers stand in network order", () => {
  const bytes = new Uint8Array(8);
  write16(bytes, 1, 0xfedc);
  write32(bytes, 3, 0x89abcdef | 0);
  assertEquals([...bytes], [0, 0xfe, 0xdc, 0x89, 0xab, 0xcd, 0xef, 0]);
  assertEquals([read16(bytes, 1), read32(bytes, 3)], [0xfedc, 0x89abcdef]);
});

Deno.test("packets have their lengths, operation, opaque and status", () => {
  const made = replyPacket(0x10, 0xdeadbeef | 0, {
    status: 0x86,
    key: toBytes("pid"),
    value: toBytes("17"),
  });
  const expected = reply({
    operation: 0x10,
    opaque: 0xdeadbeef,
    status: 0x86,
    key: "pid",
    value: "17",
  });
  assertEquals(toText(made), expected);
  assertEquals(statusOf(made, 0), 0x86);
  assertEquals(toText(requestPacket(0x0a, toBytes(""))), request({ operation: 0x0a }));
});

Deno.test("misses and what was not stored are no errors", () => {
  for (const status of [Status.Success, Status.NotFound, Status.Exists, Status.NotStored]) {
    assertEquals(isErrorStatus(status), false);
  }
  for (const status of [Status.TooLarge, Status.AuthError, Status.UnknownCommand, 0x06]) {
    assertEquals(isErrorStatus(status), true);
  }
});
