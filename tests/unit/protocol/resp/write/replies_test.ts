import { RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { ChunkPool } from "../../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../../src/bytes/send_log.ts";
import { type Failure, failures } from "../../../../../src/failure.ts";
import {
  arrayReply,
  bulkBytesReply,
  bulkReply,
  byteErrorReply,
  errorReply,
  integerReply,
  quotedWord,
  statusReply,
} from "../../../../../src/protocol/resp/write/replies.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf, protocol } from "../parse.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("line breaks in a line become spaces", () => {
  assertEquals(text(errorReply("ERR a\r\nb\n+OK")), "-ERR a  b +OK\r\n");
  assertEquals(text(statusReply("a\rb")), "+a b\r\n");
  assertEquals(byteErrorReply("\xff\n"), Uint8Array.of(0x2d, 0xff, 0x20, 0x0d, 0x0a));
});

Deno.test("lengths count bytes, not characters", () => {
  assertEquals(text(bulkReply("é\r\n")), "$4\r\né\r\n\r\n");
  assertEquals(text(bulkBytesReply(bytesOf("xabcx"), 1, 4)), "$3\r\nabc\r\n");
  assertEquals(text(integerReply(-12n)), ":-12\r\n");
  assertEquals(text(arrayReply([integerReply(1), bulkReply("")])), "*2\r\n:1\r\n$0\r\n\r\n");
});

Deno.test("quoted words are clipped and end at a NUL", () => {
  const bytes = bytesOf(`ab\0c${"d".repeat(200)}`);
  assertEquals(quotedWord(bytes, 0, 4), "ab");
  assertEquals(quotedWord(bytes, 3, bytes.length).length, 128);
  assertEquals(quotedWord(bytes, 3, bytes.length, 2), "cd");
});

function failureText(failure: Failure, address: string): string {
  const log = new SendLog(new ChunkPool());
  protocol.writeFailure(failure, address, log, new RequestFrame());
  return text(log.handOver()!);
}

Deno.test("failures name their backend", () => {
  const line = "-ERR backend 127.0.0.1:7001: connection refused\r\n";
  assertEquals(failureText(failures.connectRefused, "127.0.0.1:7001"), line);
  assertEquals(failureText(failures.connectRefused, "127.0.0.1:7001"), line);
  assertEquals(
    failureText(failures.connectTimeout, "[::1]:7001"),
    "-ERR backend [::1]:7001: connecting timed out\r\n",
  );
  assertEquals(failureText(failures.noBackend, ""), "-ERR no backend is available\r\n");
});

Deno.test("failures for which Redis Cluster has a code carry it", () => {
  assertEquals(
    failureText(failures.slotUncovered, ""),
    "-CLUSTERDOWN Hash slot not served\r\n",
  );
  assertEquals(
    failureText(failures.keysApart, ""),
    "-CROSSSLOT Keys in request don't hash to the same slot; give them a common hash tag\r\n",
  );
});

Deno.test("failure texts of many addresses stay right", () => {
  for (let round = 0; round < 2; round++) {
    for (let port = 1; port <= 600; port++) {
      const line = `-ERR backend h:${port}: connection lost\r\n`;
      assertEquals(failureText(failures.backendReset, `h:${port}`), line);
    }
  }
});
