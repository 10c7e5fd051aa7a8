import { changedSettings, changeSettings, findSettings } from "../../../src/supervisor/settings.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

const file = config(clusterConfig("a", 2, 7_000), clusterConfig("b.c", 1, 7_010));

function problemOf(name: string, value: string): string {
  return changeSettings(file, [[name, value]]).problem ?? "none";
}

Deno.test("settings are found by pattern", () => {
  assertEquals(findSettings(file, ["cluster.*.read_timeout"]), [
    { name: "cluster.a.read_timeout", value: "1000" },
    { name: "cluster.b.c.read_timeout", value: "1000" },
  ]);
  assertEquals(findSettings(file, ["cluster.a.hotkey?"]), [
    { name: "cluster.a.hotkeys", value: "false" },
  ]);
  assertEquals(findSettings(file, ["read_timeout", "cluster"]), []);
  const all = findSettings(file, ["*"]).map(({ name }) => name);
  assert(all.includes("cluster.a.max_clients") && all.includes("cluster.b.c.big_key_bytes"));
  assert(!all.some((name) => /\.(servers|auth|thread|hash|listen_addr|name)$/.test(name)));
});

Deno.test("a pattern of many stars takes no longer than its length says", () => {
  const startMs = performance.now();
  assertEquals(findSettings(file, ["*a".repeat(20_000) + "!"]), []);
  assert(performance.now() - startMs < 2_000);
});

Deno.test("settings are changed all together, in the cluster that is named", () => {
  const { config: changed } = changeSettings(file, [
    ["cluster.b.c.read-timeout", "250"],
    ["Cluster.b.c.hotkeys", "yes"],
  ]);
  const [a, bc] = changed!.clusters;
  assertEquals([bc!.readTimeoutMs, bc!.hotkeys], [250, true]);
  assertEquals(a, file.clusters[0]);
  assertEquals(changedSettings(file, changed!), [
    { cluster: "b.c", key: "read_timeout", value: 250, fileValue: 1_000 },
    { cluster: "b.c", key: "hotkeys", value: true, fileValue: false },
  ]);
  assertEquals(changedSettings(file, file), []);
});

Deno.test("what is wrong is said, and nothing is changed then", () => {
  assertMatch(problemOf("cluster.a.read_timeout", "0"), /expected an integer from 1 to 3600000/);
  assertMatch(problemOf("cluster.a.read_timeout", "1e3"), /expected an integer/);
  assertMatch(problemOf("cluster.a.hotkeys", "maybe"), /expected true or false, not 'maybe'/);
  assertMatch(problemOf("cluster.x.hotkeys", "on"), /there is no cluster 'x'/);
  assertMatch(problemOf("cluster.hotkeys", "on"), /expected cluster\.<name>\.<key>/);
  assertMatch(problemOf("cluster.a.hotkey", "on"), /unknown key 'hotkey', did you mean hotkeys/);
  assertMatch(problemOf("cluster.a.thread", "4"), /by the file and a reload only/);
  assertMatch(problemOf("cluster.a.servers", "x"), /by the file and a reload only/);
  assertMatch(
    problemOf("cluster.a.backend_queue_soft_bytes", "1000000000"),
    /expected at most max_backend_queue_bytes/,
  );
  const both = changeSettings(file, [["cluster.a.hotkeys", "on"], ["cluster.a.x", "1"]]);
  assertEquals(both.config, null);
});
