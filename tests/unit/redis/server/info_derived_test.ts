import { derivedValue, humanBytes } from "../../../../src/redis/server/info_derived.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("bytes are written for people as a server writes them", () => {
  assertEquals(
    [0, 1023, 1024, 990520, 25276059648, 2 ** 60].map(humanBytes),
    ["0B", "1023B", "1.00K", "967.30K", "23.54G", "1024.00P"],
  );
});

Deno.test("fields are computed of those they are computed of", () => {
  const values = new Map([
    ["used_memory", 1000],
    ["used_memory_peak", 2000],
    ["used_memory_startup", 600],
    ["used_memory_dataset", 100],
    ["used_memory_rss", 4000],
  ]);
  assertEquals(derivedValue("used_memory_human", values), "1000B");
  assertEquals(derivedValue("used_memory_peak_perc", values), "50.00%");
  assertEquals(derivedValue("used_memory_dataset_perc", values), "25.00%");
  assertEquals(derivedValue("mem_fragmentation_ratio", values), "4.00");
  assertEquals(derivedValue("allocator_frag_ratio", values), null);
  assertEquals(derivedValue("nothing_human", values), null);
  assertEquals(derivedValue("used_memory", values), null);
});
