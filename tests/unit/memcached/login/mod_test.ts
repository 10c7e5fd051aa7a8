import { Attempt } from "../../../../src/memcached/login/attempt.ts";
import { Login } from "../../../../src/memcached/login/mod.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { MemcacheScene } from "../../../support/rigs/memcache_scene.ts";
import { toBytes } from "../../protocol/memcache/parse_stream.ts";
import { assertEquals } from "../../../deps.ts";
import { userWith } from "../../../support/rigs/user_config.ts";

const users = [userWith("ann", "secret"), userWith("bob", "other")];
const wrongReply = toBytes("no\r\n");

Deno.test("a password is judged with its user's name", () => {
  using scene = new MemcacheScene(1, users);
  const login = new Login(scene.context);
  const enter = (name: string, password: string) =>
    login.enter(scene.client, toBytes(name), toBytes(password), wrongReply);
  assertEquals(login.isWanted, true);
  assertEquals(enter("ann", "secret"), Attempt.Right);
  assertEquals(enter("bob", "secret"), Attempt.Wrong);
  assertEquals(enter("nobody", "secret"), Attempt.Wrong);
  assertEquals(scene.rig.metrics.loginFailures, 2);
});

Deno.test("who guesses much waits, and leaves the turn to others by leaving", () => {
  using scene = new MemcacheScene(1, users);
  const login = new Login(scene.context);
  const attempts: number[] = [];
  const clients = Array.from({ length: 20 }, () => new LocalRigClient());
  for (const client of clients) {
    attempts.push(login.enter(client, toBytes("ann"), toBytes("guess"), wrongReply));
  }
  assertEquals(attempts.includes(Attempt.Waits), true);
  // Another user of the same address does not wait for them.
  const other = new LocalRigClient();
  assertEquals(login.enter(other, toBytes("bob"), toBytes("other"), wrongReply), Attempt.Right);
  for (const client of clients) login.leave(client);
});
