import { ByteWriter } from "../../../../src/bytes/byte_writer.ts";
import {
  writeConfirmation,
  writeRequestOfName,
} from "../../../../src/redis/pubsub/confirmation.ts";
import { assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

function confirmation(verb: string, name: string | null, count: number, version: 2 | 3): string {
  const writer = new ByteWriter();
  writeConfirmation(writer, verb, name, count, version);
  return textOf(writer.bytes.subarray(0, writer.length));
}

Deno.test("confirmations have the form of the client's protocol", () => {
  assertEquals(
    confirmation("subscribe", "a", 1, 2),
    "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n",
  );
  assertEquals(
    confirmation("unsubscribe", null, 0, 2),
    "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n",
  );
  assertEquals(
    confirmation("unsubscribe", null, 3, 3),
    ">3\r\n$11\r\nunsubscribe\r\n_\r\n:3\r\n",
  );
});

Deno.test("names keep their bytes", () => {
  const writer = new ByteWriter();
  writeRequestOfName(writer, "subscribe", "\xff\0");
  assertEquals(
    [...writer.bytes.subarray(writer.length - 8, writer.length)],
    [0x24, 0x32, 13, 10, 0xff, 0, 13, 10],
  );
});
