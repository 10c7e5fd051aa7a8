/**
 * The slow log shows of EXEC what it has carried out.
 *
 * @module
 */
import { requestWords } from "../../../../src/protocol/resp/parse/request_words.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { LocalRequest } from "../../../../src/redis/core/local_request.ts";
import { QueuedWords } from "../../../../src/redis/transaction/queued_words.ts";
import { assertEquals } from "../../../deps.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";

const decoder = new TextDecoder();
const EXEC = respCommands.rows.find(({ name }) => name === "exec")!;

function wordsOf(lines: readonly string[]): string[] {
  using scene = new FeatureScene(() => []);
  const words = new QueuedWords();
  for (const line of lines) {
    const { frame, bytes } = frameOf(line.split(" "));
    words.note(new LocalRequest(scene.client, frame, bytes));
  }
  const request = words.asRequest();
  return requestWords(EXEC, request, 0, request.length).map((word) => decoder.decode(word));
}

Deno.test("each request is its command and its first key, without values", () => {
  assertEquals(wordsOf(["SET user:1 secret", "PING", "ZUNIONSTORE to 2 a b", "mget x y"]), [
    ...["EXEC", "SET user:1", "PING", "ZUNIONSTORE a", "mget x"],
  ]);
});

Deno.test("of very many only the first are kept, and how many more there were", () => {
  const words = wordsOf(
    Array.from({ length: 500 }, (_, index) => `INCR ${"k".repeat(300)}${index}`),
  );
  assertEquals([words.length, words.at(-1)], [32, "... (470 more requests)"]);
  assertEquals(words[1]!.length < 200, true);
});
