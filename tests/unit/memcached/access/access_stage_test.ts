/**
 * The stage of a limited memcache client: its answers in lines and packets.
 *
 * @module
 */
import { Verdict } from "../../../../src/session/stages.ts";
import { assertEquals } from "../../../deps.ts";
import { MemcacheScene } from "../../../support/rigs/memcache_scene.ts";
import { limitedUser, userWith } from "../../../support/rigs/user_config.ts";
import { reply, request } from "../../protocol/memcache/binary/packets.ts";
import { toBytes } from "../../protocol/memcache/parse_stream.ts";

const users = [limitedUser("ann", { keyPatterns: ["a:*"] }), userWith("bob", "other")];

/** A client that has logged in. */
function inside(login = "ann secret"): MemcacheScene {
  const scene = new MemcacheScene(1, users);
  scene.local.onConnect(scene.client);
  scene.onRequest(`set x 0 0 ${login.length}\r\n${login}\r\n`);
  assertEquals(scene.told(), ["STORED\r\n"]);
  return scene;
}

Deno.test("lines are answered in memcached's form of errors, noreply by nothing, quiet meta commands", () => {
  using scene = inside();
  assertEquals(scene.onRequest("get a:1\r\n"), Verdict.Pass);
  const key = "CLIENT_ERROR no permission to access this key\r\n";
  const command = "CLIENT_ERROR no permission to use this command\r\n";
  const cases: [line: string, told: string][] = [
    ["get b\r\n", key],
    ["set b 0 0 1\r\nx\r\n", key],
    ["set b 0 0 1 noreply\r\nx\r\n", ""],
    ["ms b 1 q\r\nx\r\n", key],
    ["flush_all\r\n", command],
    ["flush_all noreply\r\n", ""],
  ];
  for (const [line, told] of cases) {
    assertEquals(scene.onRequest(line), Verdict.Handled, line);
    assertEquals(scene.told().join(""), told, line);
  }
  assertEquals(scene.rig.metrics.denials, cases.length);
  assertEquals(scene.onRequest("bogus\r\n"), Verdict.Pass);
});

Deno.test("packets are answered with their opaque, quiet ones too", () => {
  using scene = new MemcacheScene(1, users);
  scene.local.onConnect(scene.client);
  const sasl = { operation: 0x21, key: "PLAIN", value: "\0ann\0secret" };
  scene.onRequest(request(sasl));
  scene.told();
  assertEquals(scene.onRequest(request({ operation: 0x00, key: "a:1" })), Verdict.Pass);
  for (const operation of [0x00, 0x09]) {
    assertEquals(scene.onRequest(request({ operation, key: "b", opaque: 7 })), Verdict.Handled);
    const value = "no permission to access this key";
    const told = reply({ operation, opaque: 7, status: 0x20, value });
    assertEquals(scene.told(), [new TextDecoder().decode(toBytes(told))]);
  }
});

Deno.test("a user without limits has no stage", () => {
  using scene = inside("bob other");
  assertEquals(scene.client.stage, null);
});

Deno.test("a reload binds who is there: narrower, gone, and nobody wanted", () => {
  using scene = inside();
  const reload = (changed: Partial<typeof scene.context.config>) => {
    Object.assign(scene.context.config, changed);
    scene.local.usersChanged();
  };
  reload({ users: [limitedUser("ann", { keyPatterns: ["c:*"] })] });
  assertEquals([scene.onRequest("get a:1\r\n"), scene.onRequest("get c:1\r\n")], [
    ...[Verdict.Handled, Verdict.Pass],
  ]);
  scene.told();
  reload({ users: [userWith("bob", "other")] });
  assertEquals(scene.onRequest("get c:1\r\n"), Verdict.Handled);
  assertEquals(scene.told(), ["CLIENT_ERROR unauthenticated\r\n"]);
  reload({ users: [], denyCommands: ["flush_all"] });
  assertEquals([scene.onRequest("get c:1\r\n"), scene.onRequest("flush_all\r\n")], [
    ...[Verdict.Pass, Verdict.Handled],
  ]);
  reload({ denyCommands: [] });
  assertEquals(scene.client.stage, null);
  assertEquals(scene.local.enterAs(scene.client, "ann"), false);
  reload({ users });
  assertEquals(scene.local.enterAs(scene.client, "ann"), true);
  assertEquals(scene.onRequest("get b\r\n"), Verdict.Handled);
});
