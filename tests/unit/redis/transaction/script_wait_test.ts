/**
 * An EVALSHA inside a transaction waits until its server has the script.
 *
 * @module
 */
import { sha1Hex } from "../../../../src/hash/mod.ts";
import { Transactions } from "../../../../src/redis/transaction/mod.ts";
import { ScriptKeeper } from "../../../../src/redis/scripts/script_keeper.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { assertEquals } from "../../../deps.ts";

const BODY = new TextEncoder().encode("return(1)");
const SHA = sha1Hex(BODY);

function createScene(): { scene: FeatureScene; keeper: ScriptKeeper } {
  let keeper: ScriptKeeper | undefined;
  const scene = new FeatureScene((context) => {
    keeper = new ScriptKeeper(context);
    return [new Transactions(context, keeper)];
  });
  keeper!.learn(BODY);
  return { scene, keeper: keeper! };
}

Deno.test("a script that is known is loaded beside the transaction, ahead of its call", async () => {
  const { scene } = createScene();
  using _ = scene;
  scene.askAll("MULTI");
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "waits");
  const usual = await scene.accept(0);
  assertEquals(requestsIn(usual.written), ["SCRIPT LOAD return(1)"]);
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "waits", "as long as it is on its way");
  await usual.receives("+sha\r\n");
  assertEquals(scene.client.parsedOn, 1);
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "answered");
  const own = await scene.accept(0);
  assertEquals(requestsIn(own.written), ["MULTI", `EVALSHA ${SHA} 1 k0`]);
  await scene.ends();
});

Deno.test("a server that says NOSCRIPT within EXEC is loaded again for the next one", async () => {
  const { scene } = createScene();
  using _ = scene;
  scene.askAll("MULTI");
  scene.ask(`EVALSHA ${SHA} 1 k0`);
  const usual = await scene.accept(0);
  await usual.receives("+sha\r\n");
  scene.ask(`EVALSHA ${SHA} 1 k0`);
  const own = await scene.accept(0);
  scene.ask("EXEC");
  await own.receives("+OK\r\n+QUEUED\r\n*1 -NOSCRIPT No\r\n");
  assertEquals(scene.told().at(-1), "*1 -NOSCRIPT No");
  scene.askAll("MULTI");
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "waits");
  await scene.ends();
});

Deno.test("a body that comes by EVAL inside a transaction is kept, held or sent", () => {
  for (const line of ["EVAL return(2) 1 k0", "EVAL return(2) 0", "EVAL_RO return(2) 1 k0"]) {
    const { scene, keeper } = createScene();
    using _ = scene;
    const sha = sha1Hex(new TextEncoder().encode("return(2)"));
    assertEquals(keeper.knows(sha), false);
    scene.askAll("MULTI", line);
    assertEquals(keeper.knows(sha), true);
  }
});

Deno.test("a client that has left is not asked to go on", async () => {
  const { scene } = createScene();
  using _ = scene;
  scene.askAll("MULTI");
  scene.ask(`EVALSHA ${SHA} 1 k0`);
  const usual = await scene.accept(0);
  scene.client.stage!.onClose();
  await usual.receives("+sha\r\n");
  assertEquals(scene.client.parsedOn, 0);
  await scene.ends();
});

Deno.test("a LOAD that fails is not sent again: the call goes on without", async () => {
  const { scene } = createScene();
  using _ = scene;
  scene.askAll("MULTI");
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "waits");
  await (await scene.accept(0)).receives("-NOPERM\r\n");
  assertEquals(scene.ask(`EVALSHA ${SHA} 1 k0`), "answered");
  const own = await scene.accept(0);
  assertEquals(requestsIn(own.written), ["MULTI", `EVALSHA ${SHA} 1 k0`]);
  await scene.ends();
});

Deno.test("a call without keys is held, and its script loaded before MULTI is sent", async () => {
  for (const next of ["SET k0 1", "EXEC"]) {
    const { scene } = createScene();
    using _ = scene;
    scene.askAll("MULTI");
    assertEquals(scene.ask(`EVALSHA ${SHA} 0`), "answered");
    assertEquals(scene.ask(next), "waits");
    const backend = next === "EXEC" ? 1 : 0;
    await (await scene.accept(backend)).receives("+sha\r\n");
    assertEquals(scene.ask(next), "answered");
    const own = await scene.accept(backend);
    assertEquals(requestsIn(own.written), ["MULTI", `EVALSHA ${SHA} 0`, next]);
    await scene.ends();
  }
});
