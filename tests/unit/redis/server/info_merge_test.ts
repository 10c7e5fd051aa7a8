import { FIELDS_MAX, InfoMerge } from "../../../../src/redis/server/info_merge.ts";
import type { InfoField } from "../../../../src/redis/server/info_text.ts";
import { assertEquals } from "../../../deps.ts";

function merge(...servers: readonly (readonly string[])[]): Record<string, string> {
  const merged = new InfoMerge();
  for (const lines of servers) {
    merged.add(`# Any\r\n${lines.map((line) => `${line}\r\n`).join("")}`, (_, field) => field);
  }
  const fields: InfoField[] = merged.sections().flatMap((section) => section.fields);
  return Object.fromEntries(fields);
}

Deno.test("what one server says is passed on as it is", () => {
  const lines = ["used_memory_human:1.00G", "used_memory:1", "run_id:007", "usec_per_call:0.123"];
  assertEquals(merge(lines), {
    used_memory_human: "1.00G",
    used_memory: "1",
    run_id: "007",
    usec_per_call: "0.123",
  });
});

Deno.test("numbers are summed, with the places behind the point that servers give", () => {
  assertEquals(merge(["used_cpu_sys:1.250000", "keys:3"], ["used_cpu_sys:2.5", "keys:-1"]), {
    used_cpu_sys: "3.750000",
    keys: "2",
  });
});

Deno.test("of some numbers the least or the greatest is said", () => {
  const one = ["loading:1", "hz:10", "aof_enabled:0", "latest_fork_usec:9", "allocator_active:5"];
  const other = ["loading:0", "hz:20", "aof_enabled:1", "latest_fork_usec:7", "allocator_active:6"];
  assertEquals(merge(one, other), {
    loading: "0",
    hz: "20",
    aof_enabled: "1",
    latest_fork_usec: "9",
    allocator_active: "11",
  });
});

Deno.test("what is computed is computed anew", () => {
  const one = ["used_memory:1024", "used_memory_human:1.00K", "used_memory_peak:2048"];
  const other = ["used_memory:512", "used_memory_human:512B", "used_memory_peak:1024"];
  const perc = ["used_memory_peak_perc:50.00%"];
  assertEquals(merge([...one, ...perc], [...other, ...perc]), {
    used_memory: "1536",
    used_memory_human: "1.50K",
    used_memory_peak: "3072",
    used_memory_peak_perc: "50.00%",
  });
});

Deno.test("parts are summed, and per-call times and times to live are weighed", () => {
  assertEquals(
    merge(
      ["db0:keys=3,expires=1,avg_ttl=100", "cmdstat_get:calls=1,usec=10,usec_per_call=10.00"],
      ["db0:keys=4,expires=3,avg_ttl=200", "cmdstat_get:calls=3,usec=10,usec_per_call=3.33"],
    ),
    {
      db0: "keys=7,expires=4,avg_ttl=175",
      cmdstat_get: "calls=4,usec=20,usec_per_call=5.00",
    },
  );
  assertEquals(
    merge(["latency_get:p50=1.003,p99=2.007"], ["latency_get:p50=0.5,p99=9.01"]),
    { latency_get: "p50=1.003,p99=9.010" },
  );
});

Deno.test("text is said where all agree; a status is ok where it is everywhere", () => {
  assertEquals(
    merge(
      ["os:Linux", "gcc:12", "run_id:aa", "maxmemory_policy:noeviction", "rdb_last_status:ok"],
      ["os:Linux", "gcc:12", "run_id:ab", "maxmemory_policy:allkeys-lru", "rdb_last_status:err"],
    ),
    {
      os: "Linux",
      gcc: "24",
      maxmemory_policy: "noeviction,allkeys-lru",
      rdb_last_status: "err",
    },
  );
  assertEquals(merge(["process_id:1"], ["process_id:2"]), {}, "a number that names a server");
  assertEquals(merge(["redis_version:7.10.0"], ["redis_version:7.9.1"]), {
    redis_version: "7.9.1",
  });
});

Deno.test("replicas are numbered over all servers, modules named once", () => {
  const merged = new InfoMerge();
  for (const port of [1, 2]) {
    merged.add(
      `# Replication\r\nslave0:ip=::1,port=${port}\r\n# Modules\r\nmodule:name=a,ver=1\r\n` +
        `module:name=b${port}\r\n`,
      (_, field) => field,
    );
  }
  assertEquals(merged.sections(), [
    {
      title: "Replication",
      fields: [["slave0", "ip=::1,port=1"], ["slave1", "ip=::1,port=2"]],
    },
    {
      title: "Modules",
      fields: [["module", "name=a,ver=1"], ["module", "name=b1"], ["module", "name=b2"]],
    },
  ]);
});

Deno.test("a field that one of several servers has is said, and their number is bounded", () => {
  assertEquals(merge(["a:1"], ["a:1", "only:here"]), { a: "2", only: "here" });
  const many = Array.from({ length: FIELDS_MAX + 10 }, (_, index) => `f${index}:1`);
  assertEquals(Object.keys(merge(many)).length, FIELDS_MAX);
});
