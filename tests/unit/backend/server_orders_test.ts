/**
 * What is paused, by server and as a whole.
 *
 * @module
 */
import { PauseMode, ServerOrders } from "../../../src/backend/server_orders.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("the stricter of a server's pause and the cluster's counts, and each has its own end", () => {
  const orders = new ServerOrders();
  assertEquals([orders.isPausing, orders.holds("a", true)], [false, false]);
  orders.pause("a", { mode: PauseMode.Writes, endMs: 5 });
  assertEquals([orders.isPausing, orders.arePaused], [true, true]);
  assertEquals([orders.holds("a", true), orders.holds("a", false)], [true, false]);
  assertEquals([orders.holds("b", true), orders.clusterMode], [false, PauseMode.None]);
  orders.pause(null, { mode: PauseMode.All, endMs: 6 });
  assertEquals([orders.holds("a", false), orders.holds("b", false)], [true, true]);
  assertEquals([...orders.pauses()].map(([server, { endMs }]) => [server, endMs]), [
    [null, 6],
    ["a", 5],
  ]);
  orders.resume(null);
  assertEquals([orders.holds("b", false), orders.modeAt("a")], [false, PauseMode.Writes]);
  assertEquals([orders.pauseOf(null), orders.pauseOf("a")?.endMs], [null, 5]);
  orders.resume("a");
  assertEquals([orders.isPausing, orders.arePaused], [false, false]);
});

Deno.test("what was made of a server stays until it leaves the configuration", () => {
  const orders = new ServerOrders();
  assertEquals(orders.settingOf("a"), { state: "ready", weight: null });
  orders.set("a", { state: "drain", weight: 3 });
  orders.set("b", { state: "maint", weight: null });
  orders.keepSettings(new Set(["a"]));
  assertEquals(orders.settingOf("a"), { state: "drain", weight: 3 });
  assertEquals(orders.settingOf("b").state, "ready");
});

Deno.test("a server may be away while a pause of it is on that is not about to end", () => {
  const orders = new ServerOrders();
  const pause = { mode: PauseMode.All, endMs: Infinity };
  orders.beginResume("a");
  assertEquals(orders.mayBeAway("a"), false);
  orders.pause("a", pause);
  assertEquals([orders.mayBeAway("a"), orders.mayBeAway("b")], [true, false]);
  orders.pause(null, pause);
  orders.beginResume("a");
  assertEquals([orders.mayBeAway("a"), orders.mayBeAway("b")], [true, true]);
  orders.beginResume(null);
  assertEquals([orders.mayBeAway("a"), orders.holds("a", false)], [false, true]);
  orders.pause("a", pause);
  assertEquals([orders.mayBeAway("a"), orders.mayBeAway("b")], [true, false]);
  orders.resume("a");
  orders.resume(null);
  orders.pause(null, pause);
  assertEquals(orders.mayBeAway("b"), true);
});
