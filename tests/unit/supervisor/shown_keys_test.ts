import { shownKeys } from "../../../src/supervisor/shown_keys.ts";
import { assertEquals } from "../../deps.ts";
import { clusterConfig } from "./cluster_configs.ts";

Deno.test("hot and big keys of all workers are shown as text, the first ones first", () => {
  const big = {
    ...{ keyCount: 1, part: "reply", count: 2, command: "get", backend: "a:1" } as const,
    key: Uint8Array.of(0x61, 0xff),
    bytes: 2_000_000,
    seenAtMs: 0,
  };
  const shown = shownKeys(
    clusterConfig("main", 1, 7_000),
    [[{ key: "a", hits: 64, error: 0, backend: "a:1" }, { key: null, hits: 0, total: 70 }], [
      { key: "\u00fc", hits: 96, error: 32 },
      { key: null, hits: 0, total: 100 },
    ]],
    [[big]],
    90_500,
  );
  assertEquals(shown, {
    hotkeysEnabled: false,
    sampleEvery: 32,
    total: 170,
    coveredSeconds: 91,
    hotKeys: [
      { key: "\\xfc", hits: 96, error: 32, backend: "" },
      { key: "a", hits: 64, error: 0, backend: "a:1" },
    ],
    bigKeyBytes: 1_048_576,
    bigKeys: [{
      ...{ keyCount: 1, part: "reply", bytes: 2_000_000, count: 2, command: "get" },
      ...{ backend: "a:1", key: "a\\xff", time: "1970-01-01T00:00:00.000Z" },
    }],
  });
});
