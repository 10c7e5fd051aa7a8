/**
 * RANDOMKEY chooses a server by its keys, and asks another where they have gone.
 *
 * @module
 */
import { RandomKey } from "../../../../src/redis/keyspace/random_key.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../../deps.ts";

function createScene(random: number): FeatureScene {
  return new FeatureScene((context) => [new RandomKey(context, () => random)]);
}

for (
  const [random, sizes, asked] of [[0, [1, 9], 0], [0.09, [1, 9], 0], [0.11, [1, 9], 1]] as const
) {
  Deno.test(`with ${sizes} keys and ${random} server ${asked} is asked`, async () => {
    using scene = createScene(random);
    scene.ask("RANDOMKEY");
    const conns = [await scene.accept(0), await scene.accept(1)];
    await conns[0]!.receives(`:${sizes[0]}\n`);
    await conns[1]!.receives(`:${sizes[1]}\n`);
    await turn();
    assertEquals(conns.map(({ written }) => written.includes("RANDOMKEY")), [
      asked === 0,
      asked === 1,
    ]);
    await scene.ends();
  });
}

Deno.test("it is nil only where every server is empty", async () => {
  using scene = createScene(0);
  scene.ask("RANDOMKEY");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives(":1\n");
  await conns[0]!.receives("_\n");
  await turn();
  await conns[1]!.receives("_\n");
  assertEquals(scene.told(), ["$-1"]);
  scene.ask("RANDOMKEY");
  await turn();
  for (const conn of conns) await conn.receives(":0\n");
  assertEquals(scene.told(), ["$-1"]);
  await scene.ends();
});

Deno.test("an error of any server is the reply", async () => {
  using scene = createScene(0);
  scene.ask("RANDOMKEY");
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives(":1\n");
  await conns[1]!.receives("-LOADING wait\n");
  assertEquals(scene.told(), ["-LOADING wait"]);
  await scene.ends();
});
