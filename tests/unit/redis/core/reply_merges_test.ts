import { joinedReplies, summedReplies } from "../../../../src/redis/core/reply_merges.ts";
import { assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("integers are added up", () => {
  assertEquals(textOf(summedReplies([":3\r\n", ":0\r\n", ":12\r\n"].map(bytesOf))), ":15\r\n");
});

Deno.test("arrays are joined, whatever they hold", () => {
  const replies = ["*1\r\n*1\r\n:1\r\n", "*0\r\n", "*2\r\n$1\r\na\r\n_\r\n"].map(bytesOf);
  assertEquals(textOf(joinedReplies(replies)), "*3\r\n*1\r\n:1\r\n$1\r\na\r\n_\r\n");
});
