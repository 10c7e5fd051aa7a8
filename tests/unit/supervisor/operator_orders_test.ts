/**
 * Pauses as the supervisor keeps them: asked of all workers, waited for, and told to workers that come later.
 *
 * @module
 */
import { Clock } from "../../../src/clock.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { OperatorOrders, type OrderedWorker } from "../../../src/supervisor/operator_orders.ts";
import type { PauseCount, ServerOrder } from "../../../src/worker/messages.ts";
import { assertEquals } from "../../deps.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

const nothing: PauseCount = {
  isPaused: true,
  inFlight: 0,
  transactions: 0,
  blocked: 0,
  subscribed: 0,
};

class Worker implements OrderedWorker {
  readonly clusterNames = ["main"];
  isListening = true;
  readonly heard: string[] = [];
  /** In flight at each question, the last for ever. */
  counts: (number | null)[] = [0];

  tell(order: ServerOrder): void {
    this.heard.push(`told ${order.kind}`);
  }

  order(order: ServerOrder): Promise<PauseCount | null> {
    this.heard.push(order.kind);
    const inFlight = this.counts.length > 1 ? this.counts.shift()! : this.counts[0]!;
    return Promise.resolve(inFlight === null ? null : { ...nothing, inFlight, blocked: 1 });
  }
}

function open() {
  const workers = [new Worker(), new Worker()];
  const records: LogRecord[] = [];
  const clock = new Clock();
  const log = new Log("info", (one) => records.push(one));
  const orders = new OperatorOrders(() => workers, clock, log);
  return { workers, orders, records, [Symbol.dispose]: () => clock.stop() };
}

const request = { cluster: "main", server: null, mode: "all", maxMs: 60_000 } as const;

Deno.test("a pause is answered when nothing is in flight in any worker", async () => {
  using scene = open();
  const { orders, records, workers } = scene;
  workers[0]!.counts = [2, 1, 0];
  const answer = await orders.pause(request);
  assertEquals(answer, {
    paused: true,
    in_flight: 0,
    transactions: 0,
    blocked: 2,
    subscribed: 0,
    silent_workers: 0,
    former_process: false,
  });
  assertEquals(orders.hindrance, "requests are paused there: resume them first");
  assertEquals(workers[1]!.heard, ["pause", "count", "count"]);
  const [order] = orders.ordersFor(["main"]);
  assertEquals([order?.kind, orders.ordersFor(["other"])], ["pause", []]);
  assertEquals(orders.pausesOf("main").map(({ mode, server }) => [mode, server]), [["all", null]]);
  assertEquals(await orders.resume("main", null), { paused: false });
  assertEquals([orders.ordersFor(["main"]), orders.hindrance], [[], null]);
  assertEquals(records.map(({ message }) => message), [
    "Requests wait: an operator has paused them",
    "Requests go on: an operator has resumed them",
  ]);
});

Deno.test("what remains, and who does not say, is told when half the pause is over", async () => {
  using scene = open();
  const { orders, workers } = scene;
  workers[0]!.counts = [3];
  workers[1]!.counts = [null];
  const answer = await orders.pause({ ...request, maxMs: 1_000 });
  assertEquals([answer.paused, answer.in_flight, answer.silent_workers], [true, 3, 1]);
});

Deno.test("a pause is not answered as done while the process before this one serves clients", async () => {
  using scene = open();
  const { orders, workers } = scene;
  orders.isFormerServing = () => true;
  const early = await orders.pause({ ...request, maxMs: 200 });
  assertEquals([early.in_flight, early.former_process], [0, true]);
  orders.isFormerServing = () => workers[0]!.heard.length < 6;
  const answer = await orders.pause(request);
  assertEquals([answer.in_flight, answer.former_process], [0, false]);
});

Deno.test("no process may take over while a server is being set: it would not find it kept", async () => {
  using scene = open();
  const { orders } = scene;
  const setting = orders.set({ cluster: "main", server: "a", state: "drain", weight: null });
  assertEquals(orders.hindrance, "a server is being set there: try again");
  await setting;
  assertEquals(orders.hindrance, null);
});

Deno.test("a server that is resumed while its whole cluster is paused waits on, and that is said", async () => {
  using scene = open();
  const { orders } = scene;
  await orders.pause({ ...request, server: null });
  await orders.pause({ ...request, server: "a" });
  assertEquals(await orders.resume("main", "a"), { paused: true });
  assertEquals(orders.pausesOf("main").map(({ server }) => server), [null]);
  assertEquals(await orders.resume("main", null), { paused: false });
});

Deno.test("a pause that is resumed meanwhile says so; a worker that does not listen is not asked", async () => {
  using scene = open();
  const { orders, workers } = scene;
  workers[0]!.counts = [1];
  workers[1]!.isListening = false;
  const pausing = orders.pause({ ...request, server: "a" });
  await orders.resume("main", null);
  assertEquals((await pausing).paused, false);
  // It is starting: nobody waits for it.
  assertEquals(workers[1]!.heard.slice(0, 2), ["told pause", "told resume"]);
  assertEquals(orders.pausesOf("main"), []);
});

Deno.test("what an earlier process kept is taken up where it is configured, and every change is kept", async () => {
  using scene = open();
  const { orders, records } = scene;
  const main = clusterConfig("main", 1, 7_000);
  const [first] = main.servers;
  const one = { cluster: "main", server: first!.address, state: "drain", weight: 3 } as const;
  const kept: unknown[] = [];
  const gone = { ...one, server: "10.0.0.9:1" };
  orders.restore([one, gone], config(main), (settings) => {
    kept.push(settings);
    return Promise.resolve(true);
  });
  assertEquals(orders.settingOf("main", first!.address), one);
  assertEquals(records.map(({ level, message }) => [level, message]), [
    ["info", "Server is as an operator has set it before the start"],
    ["warning", "Server that an operator has set is not configured any more"],
  ]);
  assertEquals(orders.ordersFor(["main"]), [{ kind: "set", ...one }]);
  assertEquals((await orders.set({ ...one, weight: null })).is_kept, true);
  // As configured there is nothing to keep.
  await orders.set({ ...one, state: "ready", weight: null });
  orders.keepOnly(config(clusterConfig("other", 1, 7_100)));
  assertEquals(kept, [[{ ...one, weight: null }], [], []]);
});

Deno.test("where nothing keeps states nobody is told that they are kept", async () => {
  using scene = open();
  const setting = { cluster: "main", server: "a", state: "drain", weight: null } as const;
  assertEquals((await scene.orders.set(setting)).is_kept, null);
});
