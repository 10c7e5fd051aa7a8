/**
 * Replies of all shards become one by the response policy of their command.
 *
 * @module
 */
import { ChunkPool } from "../../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../../src/bytes/send_log.ts";
import { failures } from "../../../../../src/failure.ts";
import { Merge, type MergeCode } from "../../../../../src/protocol/command_table.ts";
import { type ReplyPart, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf, protocol } from "../parse.ts";

function reply(text: string): ReplyPart {
  const bytes = bytesOf(`--${text}--`);
  return { bytes, start: 2, end: bytes.length - 2, failure: null, address: "10.0.0.1:7001" };
}

/** The merged reply of a command that every shard has answered, by its response policy. */
function byPolicy(merge: MergeCode, ...parts: (string | ReplyPart)[]): string {
  const log = new SendLog(new ChunkPool());
  const name = bytesOf("keys");
  const row = { ...protocol.commands.find(name, 0, name.length)!, merge };
  const replies = parts.map((part) => typeof part === "string" ? reply(part) : part);
  const whole = { row, keyCount: 0, fragmentOfKey: new Int32Array(0), parts: replies };
  protocol.writeMerged(whole, log, new RequestFrame());
  return new TextDecoder().decode(log.handOver()!);
}

const MALFORMED = "-ERR backend 10.0.0.1:7001: malformed reply\r\n";

Deno.test("the greatest and the least may be negative; what is no number is an error", () => {
  assertEquals(byPolicy(Merge.Greatest, ":-7\r\n", ":-5\r\n", ":-6\r\n"), ":-5\r\n");
  assertEquals(byPolicy(Merge.Least, ":-7\r\n", ":5\r\n"), ":-7\r\n");
  for (const odd of ["+OK\r\n", ":x\r\n", ":9223372036854775807\r\n", "*0\r\n"]) {
    for (const merge of [Merge.Greatest, Merge.Least]) {
      assertEquals(byPolicy(merge, ":1\r\n", odd), MALFORMED);
      assertEquals(byPolicy(merge, odd, ":1\r\n"), MALFORMED);
    }
  }
  assertEquals(byPolicy(Merge.Greatest, ":1\r\n", "-ERR x\r\n"), "-ERR x\r\n");
});

Deno.test("truths are joined one by one, as numbers and as booleans", () => {
  const both = (...parts: string[]) => [
    byPolicy(Merge.All, ...parts),
    byPolicy(Merge.Any, ...parts),
  ];
  assertEquals(both(":1\r\n", ":0\r\n", ":1\r\n"), [":0\r\n", ":1\r\n"]);
  assertEquals(both(":1\r\n", ":1\r\n"), [":1\r\n", ":1\r\n"]);
  assertEquals(both("#f\r\n", "#f\r\n"), ["#f\r\n", "#f\r\n"]);
  assertEquals(both("#t\r\n", "#f\r\n"), ["#f\r\n", "#t\r\n"]);
  assertEquals(
    both("*3\r\n:1\r\n:0\r\n:1\r\n", "*3\r\n:0\r\n:0\r\n:1\r\n"),
    ["*3\r\n:0\r\n:0\r\n:1\r\n", "*3\r\n:1\r\n:0\r\n:1\r\n"],
  );
  assertEquals(both("*0\r\n", "*0\r\n"), ["*0\r\n", "*0\r\n"]);
  assertEquals(both("*1\r\n:1\r\n", "-NOPERM no\r\n"), ["-NOPERM no\r\n", "-NOPERM no\r\n"]);
  const whole = "*2\r\n:1\r\n:0\r\n";
  for (
    const odd of [
      "+OK\r\n",
      ":x\r\n",
      ":1\r\n",
      "#x\r\n",
      "*-1\r\n",
      "*1\r\n:1\r\n",
      "*2\r\n:1\r\n",
      "*2\r\n:1\r\n$1\r\n0\r\n",
      "*2\r\n:1\r\n:0\r\n:1\r\n",
    ]
  ) {
    assertEquals(both(whole, odd), [MALFORMED, MALFORMED], odd);
    assertEquals(both(odd, whole), [MALFORMED, MALFORMED], odd);
  }
});

Deno.test("one that has succeeded is enough, or all of them have to", () => {
  const down: ReplyPart = {
    ...{ bytes: new Uint8Array(0), start: 0, end: 0 },
    ...{ failure: failures.backendTimeout, address: "h:1" },
  };
  const parts = [down, "-NOTBUSY no\r\n", "$2\r\nhi\r\n", "+OK\r\n"];
  assertEquals(byPolicy(Merge.OneSucceeded, ...parts), "$2\r\nhi\r\n");
  assertEquals(byPolicy(Merge.OneSucceeded, "-NOTBUSY no\r\n", down), "-NOTBUSY no\r\n");
  assertEquals(byPolicy(Merge.FirstReply, "+PONG\r\n", "+PONG\r\n"), "+PONG\r\n");
  assertEquals(byPolicy(Merge.FirstReply, "+PONG\r\n", "-NO\r\n"), "-NO\r\n");
  assertEquals(
    byPolicy(Merge.FirstReply, "+PONG\r\n", down),
    "-ERR backend h:1: no reply in time\r\n",
  );
});

Deno.test("sets and maps become one as arrays do, but not with each other", () => {
  assertEquals(
    byPolicy(Merge.Concatenated, "~1\r\n:1\r\n", "~2\r\n:2\r\n:3\r\n"),
    "~3\r\n:1\r\n:2\r\n:3\r\n",
  );
  assertEquals(
    byPolicy(Merge.Concatenated, "%1\r\n:1\r\n:1\r\n", "%1\r\n:2\r\n:2\r\n"),
    "%2\r\n:1\r\n:1\r\n:2\r\n:2\r\n",
  );
  assertEquals(byPolicy(Merge.Concatenated, "~1\r\n:1\r\n", "*1\r\n:2\r\n"), MALFORMED);
  assertEquals(byPolicy(Merge.Concatenated, "+OK\r\n", "+OK\r\n"), MALFORMED);
});
