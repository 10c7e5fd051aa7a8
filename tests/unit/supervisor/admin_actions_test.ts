/**
 * Orders over HTTP: how they are read, and what they are answered.
 *
 * @module
 */
import { Clock } from "../../../src/clock.ts";
import { Log } from "../../../src/observe/log.ts";
import { act, type ActionTarget } from "../../../src/supervisor/admin_actions.ts";
import {
  OperatorOrders,
  type PauseRequest,
  type ServerSetting,
  type SettingResult,
} from "../../../src/supervisor/operator_orders.ts";
import type { ReloadOptions } from "../../../src/supervisor/reloader.ts";
import { assertEquals } from "../../deps.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

/** Writes down what is ordered. */
class Orders extends OperatorOrders {
  override set(
    setting: ServerSetting,
  ): Promise<SettingResult> {
    const { cluster, server, state, weight } = setting;
    this.asked.push([cluster, server, state, weight]);
    return super.set(setting);
  }

  readonly asked: unknown[] = [];
  inFlight = 0;
  isPaused = false;

  constructor() {
    super(() => [], new Clock(), new Log("info", () => {}));
  }

  override pause({ cluster, server, mode, maxMs }: PauseRequest) {
    this.asked.push([cluster, server, mode, maxMs]);
    const counts = { transactions: 0, blocked: 0, subscribed: 0, silent_workers: 0 };
    const former_process = this.isFormerServing();
    return Promise.resolve({ paused: true, in_flight: this.inFlight, ...counts, former_process });
  }

  override resume(cluster: string, server: string | null): Promise<{ paused: boolean }> {
    this.asked.push([cluster, server]);
    return Promise.resolve({ paused: this.isPaused });
  }
}

function scene(names = ["main"]) {
  const orders = new Orders();
  const clusters = names.map((name, index) => clusterConfig(name, 1, 7_000 + 10 * index));
  clusters[0]!.servers[0]!.alias = "first";
  const reloads: ReloadOptions[] = [];
  const target = {
    heirPid: 0,
    config: config(...clusters),
    orders,
    serversOf: () => Promise.resolve(["10.0.0.1:7009"]),
    reloader: {
      state: { isGood: true, count: 0, problems: [], areCertificatesGood: true },
      reload(options) {
        reloads.push(options);
        const problems = options.isForced ? [] : ["too much"];
        return Promise.resolve({ isApplied: true, changes: ["one"], moved: 0.5, problems });
      },
    },
  } satisfies ActionTarget;
  const ask = async (path: string) => {
    const answer = await act(target, new URL(`http://localhost${path}`));
    return [answer?.status, answer?.body];
  };
  return { ask, orders, reloads, target };
}

Deno.test("/pause reads cluster, server, mode and max", async () => {
  const { ask, orders } = scene();
  for (
    const path of [
      ...["/pause", "/pause?cluster=main&server=first&mode=write&max=1500ms"],
      ...["/pause?server=127.0.0.1:7001&max=5m", "/pause?server=10.0.0.1:7009&max=300s"],
    ]
  ) assertEquals((await ask(path))[0], 200, path);
  assertEquals(orders.asked, [
    ["main", null, "all", 10_000],
    ["main", "first", "write", 1_500],
    ["main", "first", "all", 300_000],
    ["main", "10.0.0.1:7009", "all", 300_000],
  ]);
  orders.inFlight = 2;
  assertEquals((await ask("/pause"))[0], 409);
  orders.inFlight = 0;
  orders.isFormerServing = () => true;
  assertEquals((await ask("/pause"))[0], 409);
});

Deno.test("while another process takes over nothing is ordered that it would not know of", async () => {
  const { ask, orders, reloads, target } = scene(["main"]);
  target.heirPid = 7;
  const error = "process 7 takes over: order it there when it serves";
  for (
    const path of ["/pause", "/server/state?server=first&state=drain&force=1", "/reload?force=1"]
  ) assertEquals(await ask(path), [409, { error }], path);
  assertEquals([orders.asked, reloads], [[], []]);
  assertEquals((await ask("/resume"))[0], 200);
});

Deno.test("what is asked wrongly is refused with its reason", async () => {
  const { ask, orders } = scene(["main", "other"]);
  const cases: [string, number, string][] = [
    ["/pause", 400, "cluster is missing"],
    ["/pause?cluster=none", 404, 'there is no cluster "none"'],
    ["/resume?cluster=main&server=x", 404, 'cluster "main" has no server "x"'],
    ["/pause?cluster=main&max=301s", 400, "max: expected 1ms to 300s, such as 10s"],
    ["/pause?cluster=main&max=10", 400, "max: expected 1ms to 300s, such as 10s"],
    ["/pause?cluster=main&max=0s", 400, "max: expected 1ms to 300s, such as 10s"],
    ["/pause?cluster=main&mode=x", 400, "mode: expected all or write"],
    ["/pause?cluster=main&cluster=main", 400, "cluster is given more than once"],
    ["/pause?cluster=", 400, "cluster is empty"],
    ["/resume?cluster=main&mode=all", 400, 'unknown parameter "mode"'],
    ["/reload?dry_run=yes", 400, "dry_run: expected 1 or 0"],
  ];
  for (const [path, status, error] of cases) {
    assertEquals(await ask(path), [status, { error }], path);
  }
  assertEquals(orders.asked, []);
  assertEquals(await ask("/nothing"), [undefined, undefined]);
});

Deno.test("/resume and /reload", async () => {
  const { ask, orders, reloads, target } = scene();
  assertEquals(await ask("/resume?server=first"), [200, { paused: false }]);
  orders.isPaused = true;
  assertEquals(await ask("/resume?server=first"), [409, { paused: true }]);
  const body = { applied: true, dry_run: false, changes: ["one"], moved: 0.5, problems: [] };
  assertEquals(await ask("/reload?force=1"), [200, body]);
  assertEquals((await ask("/reload?dry_run=1"))[0], 409);
  assertEquals(reloads, [
    { isDryRun: false, isForced: true },
    { isDryRun: true, isForced: false },
  ]);
  const embedded = { ...target, reloader: null };
  const answer = await act(embedded, new URL("http://localhost/reload"));
  assertEquals(answer?.status, 409);
});

Deno.test("/server/state takes servers out and in, and changes weights", async () => {
  const { ask, orders, target } = scene();
  const [main] = target.config.clusters;
  main!.servers.push({ ...main!.servers[0]!, alias: "second", address: "127.0.0.1:7002" });
  const set = (query: string) => ask(`/server/state?cluster=main${query}`);
  const of = (
    state: string,
    weight: number,
  ) => [200, { state, weight, in_flight: 0, former_process: false }];
  assertEquals(await set("&server=first&state=drain"), of("drain", 1));
  assertEquals(await set("&server=127.0.0.1:7001&weight=5"), of("drain", 5));
  assertEquals((await set("&server=second&state=maint"))[0], 409);
  assertEquals(await set("&server=second&state=maint&force=1"), of("maint", 1));
  assertEquals(await set("&server=first&state=ready&weight=config"), of("ready", 1));
  assertEquals(orders.asked.length, 4);
  assertEquals(orders.settingOf("main", "second").state, "maint");
  assertEquals(orders.ordersFor(["main"]).map(({ kind }) => kind), ["set", "set"]);
  for (
    const query of [
      "&server=first",
      "&state=drain",
      "&server=first&state=x",
      "&server=first&weight=0",
    ]
  ) assertEquals((await set(query))[0], 400, query);
  assertEquals((await set("&server=none&state=drain"))[0], 404);
  main!.type = "redis_cluster";
  assertEquals((await set("&server=first&state=drain"))[0], 409);
  orders.keepOnly({ ...target.config, clusters: [] });
  assertEquals(orders.ordersFor(["main"]), []);
});
