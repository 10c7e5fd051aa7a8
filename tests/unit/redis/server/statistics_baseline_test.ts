import { countedSince, readBaseline } from "../../../../src/redis/server/statistics_baseline.ts";
import { assertEquals } from "../../../deps.ts";

const baseline = readBaseline(
  "# Memory\r\nused_memory:9\r\n# Stats\r\nkeyspace_hits:5\r\npubsub_channels:3\r\n" +
    "# Commandstats\r\ncmdstat_get:calls=2,usec=10,usec_per_call=5.00,failed_calls=1\r\n" +
    "# Errorstats\r\nerrorstat_ERR:count=4\r\n",
);

Deno.test("counters are counted since, all else is as it is", () => {
  assertEquals(countedSince("Stats", ["keyspace_hits", "7"], baseline), ["keyspace_hits", "2"]);
  assertEquals(countedSince("Stats", ["keyspace_misses", "7"], baseline), ["keyspace_misses", "7"]);
  assertEquals(countedSince("Stats", ["pubsub_channels", "3"], baseline), ["pubsub_channels", "3"]);
  assertEquals(countedSince("Memory", ["used_memory", "9"], baseline), ["used_memory", "9"]);
  assertEquals(countedSince("Stats", ["keyspace_hits", "7"], undefined), ["keyspace_hits", "7"]);
});

Deno.test("a server that has started anew has counted all of it since", () => {
  assertEquals(countedSince("Stats", ["keyspace_hits", "4"], baseline), ["keyspace_hits", "4"]);
});

Deno.test("a command's parts are counted one by one, and one that was not called is left out", () => {
  assertEquals(
    countedSince(
      "Commandstats",
      ["cmdstat_get", "calls=4,usec=40,usec_per_call=10.00,failed_calls=1"],
      baseline,
    ),
    ["cmdstat_get", "calls=2,usec=30,usec_per_call=15.00,failed_calls=0"],
  );
  assertEquals(
    countedSince(
      "Commandstats",
      ["cmdstat_get", "calls=2,usec=10,usec_per_call=5.00,failed_calls=1"],
      baseline,
    ),
    null,
  );
  assertEquals(countedSince("Errorstats", ["errorstat_ERR", "count=4"], baseline), null);
  const [, value] = countedSince("Commandstats", ["cmdstat_set", "calls=1"], baseline)!;
  assertEquals(value, "calls=1");
});
