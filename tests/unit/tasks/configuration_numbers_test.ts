import { SETTLE_FIRST_MS } from "../../../src/cluster/slot_topology.ts";
import { clusterKeys } from "../../../src/config/schema.ts";
import { SCRIPT_BYTES } from "../../../src/redis/scripts/script_cache.ts";
import { OUTPUT_SOFT_BYTES } from "../../../src/session/output_share.ts";
import { type Sentence, writeNumbers } from "../../../tasks/configuration_numbers.ts";
import { assert, assertEquals, assertThrows } from "../../deps.ts";

const sentences: Sentence[] = [
  ["at most {} characters", 512],
  ["Keys ({}) are accepted", "`a`, `b`"],
  ["from {} to {}.", "0.1 s", "2 s"],
];

Deno.test("values of the code are written into the page's sentences", () => {
  const page =
    "A text of at most 9\ncharacters. Keys (`a`) are accepted, from 1 s to 2 s. (At most 9.)";
  assertEquals(
    writeNumbers(page, sentences),
    "A text of at most 512 characters. Keys (`a`, `b`) are accepted, from 0.1 s to 2 s. (At most 9.)",
  );
});

Deno.test("a sentence that is right keeps its lines", () => {
  const page = "of at most\n512 characters. Keys (`a`,\n`b`) are\naccepted, from 0.1 s to\n2 s.";
  assertEquals(writeNumbers(page, sentences), page);
});

Deno.test("a sentence that the page lacks is named", () => {
  const error = assertThrows(() => writeNumbers("of at most 512 words", sentences), Error);
  assertEquals(error.message, 'Cannot find in docs/configuration.md: "at most {} characters"');
});

Deno.test("what rows say of other parts' numbers is so", () => {
  // What the configuration may not import.
  const { fetch_interval, script_cache_bytes, worker_output_limit } = clusterKeys;
  assert(fetch_interval.meaning.includes(` ${SETTLE_FIRST_MS / 1000} s,`));
  assert(script_cache_bytes.meaning.includes(` ${SCRIPT_BYTES} bytes`));
  assert(worker_output_limit.meaning.includes(` ${OUTPUT_SOFT_BYTES / 1024 / 1024} MiB each`));
});
