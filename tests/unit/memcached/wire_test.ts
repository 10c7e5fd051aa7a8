import { binaryWire, textWire } from "../../../src/memcached/wire.ts";
import { reply, request } from "../protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../protocol/memcache/parse_stream.ts";
import { assertEquals } from "../../deps.ts";

const statistics = [["pid", "1"], ["libevent", "2 x"]] as const;
const mark = { operation: 0x10, opaque: 9, isQuiet: false };
const packets = reply({ operation: 0x10, opaque: 9, key: "pid", value: "1" }) +
  reply({ operation: 0x10, opaque: 9, key: "libevent", value: "2 x" }) +
  reply({ operation: 0x10, opaque: 9 });

Deno.test("text clients speak lines, and servers are asked in lines for them", () => {
  assertEquals(toText(textWire.statsRequest([])), "stats\r\n");
  assertEquals(toText(textWire.statsRequest(["items"])), "stats items\r\n");
  const lines = "STAT pid 1\r\nSTAT libevent 2 x\r\nEND\r\n";
  assertEquals(toText(textWire.writeStatistics(statistics, mark)), lines);
  assertEquals(textWire.readStatistics(toBytes(lines)), statistics.map(([...pair]) => pair));
  assertEquals(textWire.readStatistics(toBytes("RESET\r\n")), null);
  assertEquals(toText(textWire.writeUnknown(mark)), "ERROR\r\n");
  assertEquals(toText(textWire.writeVersion("1.6.18", mark)), "VERSION 1.6.18\r\n");
});

Deno.test("binary clients speak packets, and servers are asked in packets for them", () => {
  assertEquals(toText(binaryWire.statsRequest([])), request({ operation: 0x10 }));
  assertEquals(
    toText(binaryWire.statsRequest(["detail", "dump"])),
    request({ operation: 0x10, key: "detail dump" }),
  );
  assertEquals(toText(binaryWire.versionRequest), request({ operation: 0x0b }));
  assertEquals(toText(binaryWire.writeStatistics(statistics, mark)), packets);
  assertEquals(binaryWire.readStatistics(toBytes(packets)), statistics.map(([...pair]) => pair));
  const unknown = { operation: 0x10, opaque: 9, status: 1, value: "Not found" };
  assertEquals(toText(binaryWire.writeUnknown(mark)), reply(unknown));
  assertEquals(binaryWire.readStatistics(toBytes(reply(unknown))), null);
  const passed = binaryWire.passOn(toBytes(reply({ ...unknown, opaque: 0 })), mark);
  assertEquals(toText(passed), reply(unknown));
  assertEquals(
    toText(binaryWire.writeVersion("1.6.18", { ...mark, operation: 0x0b })),
    reply({ operation: 0x0b, opaque: 9, value: "1.6.18" }),
  );
});

Deno.test("lists of several servers are one list", () => {
  const lines = ["ITEM a [1 b; 0 s]\r\nEND\r\n", "END\r\n", "ITEM \xff [1 b; 0 s]\r\nEND\r\n"];
  assertEquals(
    toText(textWire.joinLists(lines.map(toBytes), mark)),
    "ITEM a [1 b; 0 s]\r\nITEM \xff [1 b; 0 s]\r\nEND\r\n",
  );
  const end = reply({ operation: 0x10 });
  assertEquals(
    toText(binaryWire.joinLists([packets, end].map(toBytes), mark)),
    packets,
  );
});
