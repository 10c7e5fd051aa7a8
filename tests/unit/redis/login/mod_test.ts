/**
 * Logging in, by AUTH or HELLO, and out by RESET.
 *
 * @module
 */
import { WRONG_AT_ONCE } from "../../../../src/redis/login/suspect.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { userWith } from "../../../support/rigs/user_config.ts";

const users = [
  userWith("default", "secret"),
  userWith("app", "other"),
];
const NO_AUTH = "-NOAUTH Authentication required.";
const WRONG = "-WRONGPASS invalid username-password pair or user is disabled.";

function createScene(isProtected = true): FeatureScene {
  const config = clusterConfig(isProtected ? { users } : {});
  const scene = new FeatureScene(() => [], { config });
  // No server is asked for its version.
  scene.rig.router.shards = () => [];
  scene.local.onConnect(scene.client);
  return scene;
}

Deno.test("nothing but logging in, leaving and errors of form before a login", () => {
  using scene = createScene();
  assertEquals(
    scene.askAll("PING", "GET k0", "CLIENT ID", "MULTI", "ACL WHOAMI"),
    Array(5).fill(NO_AUTH),
  );
  assertMatch(scene.askAll("NOSUCH")[0]!, /^-ERR unknown command/);
  assertMatch(scene.askAll("GET")[0]!, /^-ERR wrong number of arguments/);
  assertMatch(scene.askAll("HELLO 3")[0]!, /^-NOAUTH HELLO must be called/);
  assertEquals(scene.askAll("RESET", "PING", "QUIT"), ["+RESET", NO_AUTH, "+OK"]);
});

Deno.test("AUTH and HELLO let in; RESET lets out", () => {
  using scene = createScene();
  assertEquals(scene.askAll("AUTH secret", "PING"), ["+OK", "+PONG"]);
  assertEquals(scene.client.stage, null);
  assertEquals(scene.askAll("RESET", "PING", "AUTH app other", "PING"), [
    "+RESET",
    NO_AUTH,
    "+OK",
    "+PONG",
  ]);
  assertMatch(scene.askAll("CLIENT INFO")[0]!, / user=app /);
  scene.askAll("RESET");
  assertMatch(scene.askAll("HELLO 3 AUTH default secret SETNAME me")[0]!, /^%7 /);
  assertMatch(scene.askAll("CLIENT GETNAME")[0]!, /me$/);
});

Deno.test("a wrong password is answered late, later each time, and counted; nothing is shown", () => {
  using scene = createScene();
  const { clock, metrics, records } = scene.rig;
  scene.ask("AUTH wrong-secret");
  clock.advance(99);
  assertEquals(scene.told(), []);
  clock.advance(1);
  assertEquals(scene.told(), [WRONG]);
  scene.ask("HELLO 3 AUTH default wrong-secret");
  clock.advance(199);
  assertEquals(scene.told(), []);
  clock.advance(1);
  assertEquals([scene.told(), metrics.loginFailures], [[WRONG], 2]);
  assertEquals(records.length, 2);
  assertEquals(/wrong-secret|secret/.test(JSON.stringify(records)), false);
  assertEquals(scene.askAll("AUTH secret", "PING"), ["+OK", "+PONG"]);
});

Deno.test("one user's wrong passwords make no other user's later", () => {
  using scene = createScene();
  const { clock } = scene.rig;
  for (const [line, delayMs] of [["AUTH x", 100], ["AUTH default x", 200], ["AUTH app x", 100]]) {
    scene.ask(line as string);
    clock.advance(delayMs as number - 1);
    assertEquals(scene.told(), []);
    clock.advance(1);
    assertEquals(scene.told(), [WRONG]);
  }
});

Deno.test("behind many wrong passwords a login waits for its turn, and is parsed on then; so does one who is in", () => {
  using scene = createScene();
  const { clock } = scene.rig;
  const guess = () => {
    const guesser = new LocalRigClient();
    scene.local.onConnect(guesser);
    const { frame, bytes } = frameOf(["AUTH", "wrong"]);
    scene.local.answer(guesser, frame, bytes);
  };
  for (let count = 0; count < WRONG_AT_ONCE; count++) guess();
  assertEquals([scene.ask("HELLO 3 AUTH default secret"), scene.client.parsedOn], ["waits", 0]);
  assertEquals(scene.ask("HELLO 3 AUTH default secret"), "waits");
  clock.advance(50);
  assertEquals(scene.client.parsedOn, 1);
  assertMatch(scene.askAll("HELLO 3 AUTH default secret")[0]!, /^%7 /);
  assertEquals(scene.client.stage, null);
  for (let count = 0; count < WRONG_AT_ONCE; count++) guess();
  assertEquals([scene.ask("AUTH other"), scene.ask("AUTH app other")], ["waits", "answered"]);
  clock.advance(50);
  assertEquals([scene.client.stage, scene.told()], [null, ["+OK"]]);
});

Deno.test("who is in stays in with a wrong password", () => {
  using scene = createScene();
  scene.askAll("AUTH app other");
  scene.ask("AUTH wrong");
  scene.rig.clock.advance(100);
  assertEquals(scene.told(), [WRONG]);
  assertMatch(scene.askAll("CLIENT INFO")[0]!, / user=app /);
});

Deno.test("without users AUTH is as at a server without passwords", () => {
  using scene = createScene(false);
  assertMatch(scene.askAll("AUTH x")[0]!, /^-ERR AUTH <password> called without any password/);
  assertEquals(scene.askAll("AUTH default x", "AUTH a b c"), ["+OK", "-ERR syntax error"]);
});
