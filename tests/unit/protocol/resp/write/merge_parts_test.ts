import { ChunkPool } from "../../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../../src/bytes/send_log.ts";
import { failures } from "../../../../../src/failure.ts";
import type { ReplyPart } from "../../../../../src/protocol/protocol.ts";
import {
  BROKEN,
  findLineEnd,
  isError,
  writeFirstError,
  writeMalformed,
} from "../../../../../src/protocol/resp/write/merge_parts.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf, protocol } from "../parse.ts";

function part(text: string): ReplyPart {
  const bytes = bytesOf(text);
  return { bytes, start: 0, end: bytes.length, failure: null, address: "h:1" };
}

function written(write: (log: SendLog) => void): string {
  const log = new SendLog(new ChunkPool());
  write(log);
  const bytes = log.handOver();
  return bytes === null ? "" : new TextDecoder().decode(bytes);
}

Deno.test("the first error is passed on, be it a server's or the proxy's", () => {
  const row = protocol.commands.find(bytesOf("keys"), 0, 4)!;
  const first = (...parts: ReplyPart[]) =>
    written((log) => {
      const merge = { row, keyCount: 0, fragmentOfKey: new Int32Array(0), parts };
      assertEquals(writeFirstError(merge, log), log.unwrittenBytes > 0);
    });
  const down = { ...part(""), failure: failures.backendTimeout };
  assertEquals(first(part("+OK\r\n"), part("-ERR x\r\n"), down), "-ERR x\r\n");
  assertEquals(first(down, part("-ERR x\r\n")), "-ERR backend h:1: no reply in time\r\n");
  assertEquals(first(part("+OK\r\n"), part(":1\r\n")), "");
});

Deno.test("errors are errors in both forms, and a part that makes no sense is told with its address", () => {
  assertEquals(["-x\r\n", "!1\r\nx\r\n", "+x\r\n"].map((text) => isError(part(text))), [
    true,
    true,
    false,
  ]);
  assertEquals(
    written((log) => writeMalformed(part("+x\r\n"), log)),
    "-ERR backend h:1: malformed reply\r\n",
  );
});

Deno.test("a line ends before its CR; without one it has no end", () => {
  const bytes = bytesOf("ab\r\ncd");
  assertEquals(findLineEnd(bytes, 0, bytes.length), 2);
  assertEquals(findLineEnd(bytes, 3, bytes.length), BROKEN);
});
