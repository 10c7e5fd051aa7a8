/**
 * Leaving thousands of names: in pieces, in order, with exact counts.
 *
 * @module
 */
import { failures } from "../../../../src/failure.ts";
import { WAITING_BYTES_MAX } from "../../../../src/redis/pubsub/reply_in_parts.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { type FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { PubsubScene, said } from "./scene.ts";

const COUNT = 5_000;
const NAMES = Array.from({ length: COUNT }, (_, index) => `n${index}_0`);

async function turns(isOver: () => boolean): Promise<void> {
  for (let count = 0; count < 300 && !isOver(); count++) await turn();
  assert(isOver());
}

async function subscribed(
  scene: PubsubScene,
): Promise<{ client: LocalRigClient; conn: FakeTcpConn }> {
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", ...NAMES);
  const conn = await scene.accept(0);
  const asked = () => [...conn.written.matchAll(/\bsubscribe\r\n\$\d+\r\n(\w+)/g)];
  await turns(() => asked().length === COUNT);
  await conn.receives(asked().map((match) => said("subscribe", match[1]!, 1)).join(""));
  await turns(() => client.replies.length > 0);
  client.replies.length = 0;
  return { client, conn };
}

const told = (names: readonly string[], first: number) =>
  names.map((name, index) => said("unsubscribe", name, first - index)).join("");

Deno.test("all of them, and those that are named", async () => {
  using scene = new PubsubScene();
  const { client } = await subscribed(scene);
  const named = NAMES.slice(2_100);
  scene.ask(client, "UNSUBSCRIBE", ...named);
  assertEquals(client.replies, []);
  await turns(() => client.replies.length === 1);
  assertEquals(client.replies[0], told(named, COUNT - 1));
  assert(client.late.at(-1)!.parts.length > 2);
  scene.ask(client, "UNSUBSCRIBE");
  await turns(() => client.replies.length === 2);
  assertEquals(client.replies[1], told(NAMES.slice(0, 2_100), 2_099));
  assertEquals([client.stage, scene.byteCount], [null, 0]);
  // Those that it does not have.
  scene.ask(client, "UNSUBSCRIBE", ...NAMES);
  await turns(() => client.replies.length === 3);
  assertEquals(client.replies[2], NAMES.map((name) => said("unsubscribe", name, 0)).join(""));
  await scene.ends();
});

Deno.test("who leaves meanwhile leaves nothing behind", async () => {
  using scene = new PubsubScene();
  const { client, conn } = await subscribed(scene);
  scene.ask(client, "UNSUBSCRIBE");
  await turn();
  client.close(failures.clientReset);
  await turns(() => scene.byteCount === 0);
  await turn();
  assertEquals(client.replies, []);
  assertEquals(conn.written.split("unsubscribe").length - 1, COUNT, "each is left once");
  await scene.ends();
});

Deno.test("what a client does not take is not made, and messages to it stop with each name", async () => {
  using scene = new PubsubScene();
  const { client, conn } = await subscribed(scene);
  client.output.waitingBytes = WAITING_BYTES_MAX + 1;
  scene.ask(client, "UNSUBSCRIBE");
  await conn.receives(said("message", NAMES[5]!, "before"));
  client.output.waitingBytes = 0;
  scene.rig.clock.advance(50);
  await turns(() => client.replies.length === 1);
  assertEquals(client.replies[0], told(NAMES, COUNT - 1));
  await conn.receives(said("message", NAMES[5]!, "behind"));
  assertEquals(client.pushes, [said("message", NAMES[5]!, "before")]);
  await scene.ends();
});
