/**
 * Problems are looked for in the workers' lists, which are asked for only where there may be something, and seldom.
 *
 * @module
 */
import { Clock } from "../../../src/clock.ts";
import { Log } from "../../../src/observe/log.ts";
import { OperatorOrders } from "../../../src/supervisor/operator_orders.ts";
import { ProblemWatch } from "../../../src/supervisor/problem_watch.ts";
import { RecentDurations } from "../../../src/supervisor/recent_durations.ts";
import type { Collected } from "../../../src/supervisor/supervisor.ts";
import { assertEquals } from "../../deps.ts";
import { clusterConfig, config } from "./cluster_configs.ts";
import { snapshot } from "./snapshots.ts";

const UNREAD = 8 * 2 ** 20;

function scene(clientOutputBytes: number) {
  const asked: string[] = [];
  const watch = new ProblemWatch({
    config: config(clusterConfig("main", 1, 7_000)),
    isReady: true,
    orders: new OperatorOrders(() => [], new Clock(), new Log("info", () => {})),
    reloader: null,
    slotsOf: () => [{ first: 0, last: 16_000, master: "a:1", replicas: [] }],
    inspect: (topic) => {
      asked.push(topic);
      const entries = topic === "clients"
        ? [{ address: "10.0.0.9", clients: 1, outputBytes: UNREAD }]
        : [];
      return Promise.resolve({ parts: [{ cluster: "main", entries }], silentWorkers: 0 });
    },
  }, new RecentDurations());
  const collected = {
    workers: [],
    clusters: [snapshot("main", { clientOutputBytes })],
  } as unknown as Collected;
  return { asked, collected, watch };
}

Deno.test("clients are looked at where replies wait, and lists are asked for once in a while", async () => {
  const { asked, collected, watch } = scene(UNREAD);
  const found = await watch.find(collected);
  assertEquals(found.map(({ text }) => text), [
    "main: 383 slots have no owner",
    "main: clients of 10.0.0.9 do not take their replies: 8.0 MiB wait",
  ]);
  await watch.find(collected);
  // Hot keys are not counted there.
  assertEquals(asked, ["bigkeys", "clients"]);
});

Deno.test("where nothing waits no clients are looked at", async () => {
  const { asked, collected, watch } = scene(0);
  await watch.find(collected);
  assertEquals(asked, ["bigkeys"]);
});
