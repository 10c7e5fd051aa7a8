/**
 * Admin commands are refused unless the configuration forwards them: all servers, or one that is only asked.
 *
 * @module
 */
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(adminCommands: "refuse" | "forward"): FeatureScene {
  return new FeatureScene(() => [], { config: clusterConfig({ adminCommands }) });
}

function take(scene: FeatureScene, line: string): boolean {
  const { frame, bytes } = frameOf(line.split(" "));
  return scene.local.takeRefused(scene.client, frame, bytes);
}

Deno.test("they stay refused by default, and others always; the refusal says how to allow them", () => {
  using refusing = createScene("refuse");
  assertEquals(take(refusing, "CONFIG GET save"), false);
  assertMatch(
    new TextDecoder().decode(frameOf(["CONFIG", "GET", "x"]).frame.refusal!),
    /admin_commands = "forward"/,
  );
  using forwarding = createScene("forward");
  for (const line of ["MONITOR", "SHUTDOWN", "NOSUCH", "CONFIG", "WAIT 1 0"]) {
    assertEquals(take(forwarding, line), false, line);
  }
});

Deno.test("what changes something goes to all, what asks to one; all must succeed", async () => {
  using scene = createScene("forward");
  for (const line of ["CONFIG GET save", "CONFIG SET save x"]) {
    assertEquals(take(scene, line), true);
  }
  assertEquals(scene.ask("SLOWLOG BACKENDS RESET"), "answered");
  assertEquals(take(scene, "MEMORY DOCTOR"), true);
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [
    ["CONFIG GET save", "CONFIG SET save x", "SLOWLOG RESET", "MEMORY DOCTOR"],
    ["CONFIG SET save x", "SLOWLOG RESET"],
  ]);
  await conns[1]!.receives("-ERR no\r\n+OK\r\n");
  await conns[0]!.receives("+save\r\n+OK\r\n+OK\r\n+fine\r\n");
  assertEquals(scene.told().sort(), ["+OK", "+fine", "+save", "-ERR no"]);
  await scene.ends();
});

Deno.test("the slow logs of all servers are one, their lengths a sum", async () => {
  using scene = createScene("forward");
  for (const line of ["SLOWLOG BACKENDS LEN", "SLOWLOG BACKENDS LEN"]) scene.ask(line);
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives(":3\r\n:1\r\n");
  await conns[1]!.receives(":4\r\n-ERR no\r\n");
  assertEquals(scene.told(), [":7", "-ERR no"]);
  await scene.ends();
});

Deno.test("DEBUG OBJECT asks the server of its key, the LOG RESET of their ACL goes to all", async () => {
  using scene = createScene("forward");
  for (const line of ["DEBUG OBJECT k1", "ACL BACKENDS LOG", "ACL backends LOG RESET"]) {
    take(scene, line);
  }
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [
    ["ACL LOG", "ACL LOG RESET"],
    ["DEBUG OBJECT k1", "ACL LOG RESET"],
  ]);
  await scene.ends();
});

Deno.test("ACL WHOAMI is about the client, whatever is forwarded", () => {
  for (const adminCommands of ["refuse", "forward"] as const) {
    using scene = createScene(adminCommands);
    assertEquals([take(scene, "ACL WHOAMI"), scene.told()], [true, ["$7 default"]]);
    assertEquals(take(scene, "acl whoami x"), true);
    assertMatch(scene.told()[0]!, /^-ERR wrong number of arguments for 'acl\|whoami'/);
  }
});

Deno.test("sleeping is refused", () => {
  using scene = createScene("forward");
  take(scene, "DEBUG SLEEP 1");
  assertMatch(scene.told()[0]!, /^-ERR DEBUG SLEEP is not supported/);
});

Deno.test("CONFIG RESETSTAT is answered here whatever is forwarded, and sent to no server", async () => {
  for (const adminCommands of ["refuse", "forward"] as const) {
    using scene = createScene(adminCommands);
    assertEquals(take(scene, "config resetstat"), true);
    assertEquals(take(scene, "CONFIG RESETSTAT x"), adminCommands === "forward");
    const conns = [await scene.accept(0), await scene.accept(1)];
    assertEquals(requestsIn(conns[0]!.written)[0], "INFO everything");
    for (const conn of conns) await conn.receives("-ERR no\r\n-ERR no\r\n");
    assertEquals(scene.told()[0], "+OK");
    await scene.ends();
  }
});
