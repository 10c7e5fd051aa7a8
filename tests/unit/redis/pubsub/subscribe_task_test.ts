/**
 * Subscribing to thousands of names: in pieces, in order, all or nothing, whatever happens meanwhile.
 *
 * @module
 */
import { failures } from "../../../../src/failure.ts";
import { PIECES_PER_TURN_MAX } from "../../../../src/net/turn_budget.ts";
import { SUBSCRIPTION_BYTES } from "../../../../src/redis/pubsub/hub.ts";
import { SUBSCRIPTION_BYTES_MAX } from "../../../../src/redis/pubsub/subscribe_task.ts";
import { WAITING_BYTES_MAX } from "../../../../src/redis/pubsub/reply_in_parts.ts";
import { assert, assertEquals, assertMatch } from "../../../deps.ts";
import { type FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { PubsubScene, said } from "./scene.ts";

const COUNT = 5_000;
const NAMES = Array.from({ length: COUNT }, (_, index) => `n${index}_0`);

/** What is confirmed to a client for all names of a list. */
function confirmed(names: readonly string[], first = 1): string {
  return names.map((name, index) => said("subscribe", name, first + index)).join("");
}

/** Names that were asked for at a backend, in order. */
function namesIn(written: string, verb = "subscribe"): string[] {
  return [...written.matchAll(new RegExp(`\\b${verb}\\r\\n\\$\\d+\\r\\n(\\w+)\\r\\n`, "g"))]
    .map((match) => match[1]!);
}

async function untilAsked(conn: FakeTcpConn, count: number, verb?: string): Promise<void> {
  for (let turns = 0; turns < 200 && namesIn(conn.written, verb).length < count; turns++) {
    await turn();
  }
  assertEquals(namesIn(conn.written, verb).length, count);
}

/** The backend answers all that it was asked, in the order of that; some names it may refuse. */
async function confirm(conn: FakeTcpConn, refused = ""): Promise<void> {
  const answers = namesIn(conn.written).map((name) =>
    name === refused ? "-NOPERM no\r\n" : said("subscribe", name, 1)
  );
  await conn.receives(answers.join(""));
}

/** The client subscribes to all names; returns the connection over which they are asked for. */
async function subscribeToAll(scene: PubsubScene, client: LocalRigClient): Promise<FakeTcpConn> {
  scene.ask(client, "SUBSCRIBE", ...NAMES);
  const conn = await scene.accept(0);
  await untilAsked(conn, COUNT);
  return conn;
}

async function turns(isOver: () => boolean): Promise<void> {
  for (let count = 0; count < 200 && !isOver(); count++) await turn();
  assert(isOver());
}

Deno.test("thousands of names are asked for and confirmed in pieces, in order", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const { budget } = scene.rig.engine.flushQueue;
  const toldAt: number[] = [];
  const refill = budget.refill.bind(budget);
  budget.refill = () => {
    toldAt.push(client.late[0]?.parts.length ?? 0);
    refill();
  };
  scene.ask(client, "SUBSCRIBE", ...NAMES);
  assertEquals(client.late.length, 1);
  const conn = await scene.accept(0);
  await untilAsked(conn, COUNT);
  assertEquals(namesIn(conn.written).toSorted(), NAMES.toSorted());
  await confirm(conn);
  await turns(() => client.replies.length > 0);
  assertEquals(client.replies, [confirmed(NAMES)]);
  assert(client.late[0]!.parts.length > 4 * COUNT / PIECES_PER_TURN_MAX);
  assert(toldAt.length > 4 * COUNT / PIECES_PER_TURN_MAX);
  await conn.receives(said("message", NAMES[7]!, "x"));
  assertEquals(client.pushes, [said("message", NAMES[7]!, "x")]);
  await scene.ends();
});

Deno.test("a client that leaves while its names are asked for leaves nothing behind", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const names = Array.from({ length: 3 * COUNT }, (_, index) => `n${index}_0`);
  scene.ask(client, "SUBSCRIBE", ...names);
  const conn = await scene.accept(0);
  assert(namesIn(conn.written).length < names.length);
  client.close(failures.clientReset);
  await untilAsked(conn, namesIn(conn.written).length, "subscribe");
  await turns(() => namesIn(conn.written, "unsubscribe").length === namesIn(conn.written).length);
  const other = new LocalRigClient();
  scene.ask(other, "PUBSUB", "CHANNELS");
  await turns(() => other.replies.length === 1);
  assertEquals([other.replies, client.replies], [["*0\r\n"], []]);
  await turns(() => scene.byteCount === 0);
  await scene.ends();
});

Deno.test("a client that leaves while it is told keeps nothing of what it was told of", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const conn = await subscribeToAll(scene, client);
  client.output.waitingBytes = WAITING_BYTES_MAX + 1;
  await confirm(conn);
  client.output.waitingBytes = 0;
  scene.rig.clock.advance(50);
  client.output.waitingBytes = WAITING_BYTES_MAX + 1;
  await turn();
  client.close(failures.clientReset);
  await turns(() => namesIn(conn.written, "unsubscribe").length === COUNT);
  assertEquals([scene.byteCount, client.replies], [0, []]);
  await scene.ends();
});

Deno.test("what a client does not take is not made", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const conn = await subscribeToAll(scene, client);
  client.output.waitingBytes = WAITING_BYTES_MAX + 1;
  await confirm(conn);
  for (let count = 0; count < 30; count++) {
    scene.rig.clock.advance(50);
    await turn();
  }
  assertEquals([client.late[0]!.parts, client.replies], [[], []]);
  client.output.waitingBytes = 0;
  scene.rig.clock.advance(50);
  await turns(() => client.replies.length > 0);
  assertEquals(client.replies, [confirmed(NAMES)]);
  await scene.ends();
});

Deno.test("one name that is refused among thousands: an error, and nothing is subscribed to", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const conn = await subscribeToAll(scene, client);
  await confirm(conn, "n2000_0");
  await turns(() => client.replies.length > 0);
  assertEquals([client.replies, client.stage], [["-NOPERM no\r\n"], null]);
  await turns(() => scene.byteCount === 0);
  // It is no reason to refuse the next one, which the backend may grant.
  scene.ask(client, "SUBSCRIBE", "n2000_0");
  await turn();
  const left = namesIn(conn.written, "unsubscribe").map((name) => said("unsubscribe", name, 0));
  await conn.receives(left.join(""));
  await conn.receives(said("subscribe", "n2000_0", 1));
  assertEquals(client.replies[1], said("subscribe", "n2000_0", 1));
  await scene.ends();
});

Deno.test("many clients with the same names are told one as the other", async () => {
  using scene = new PubsubScene();
  const names = NAMES.slice(0, 300);
  const clients = Array.from({ length: 40 }, () => new LocalRigClient());
  for (const client of clients) scene.ask(client, "SUBSCRIBE", ...names);
  const conn = await scene.accept(0);
  await untilAsked(conn, names.length);
  await confirm(conn);
  await turns(() => clients.every(({ replies }) => replies.length > 0));
  for (const client of clients) assertEquals(client.replies, [confirmed(names)]);
  assertEquals(namesIn(conn.written).length, names.length, "each was asked for once");
  for (const client of clients) client.close(failures.clientReset);
  await turns(() => scene.byteCount === 0);
  await scene.ends();
});

Deno.test("a connection lost meanwhile: what was confirmed before is waited for anew", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0", "b0", "c1");
  const conn = await scene.accept(0);
  const other = await scene.accept(1);
  await conn.receives(said("subscribe", "a0", 1) + said("subscribe", "b0", 1));
  await conn.ends();
  const again = await scene.accept(0);
  await other.receives(said("subscribe", "c1", 1));
  await again.receives(said("subscribe", "a0", 1) + said("subscribe", "b0", 1));
  assertEquals(client.replies, [
    said("subscribe", "a0", 1) + said("subscribe", "b0", 2) + said("subscribe", "c1", 3),
  ]);
  await scene.ends();
});

Deno.test("subscriptions are bounded by what they take, not by their names alone", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  const before = scene.byteCount;
  assert(before > SUBSCRIPTION_BYTES);
  // As if others had nearly all of it.
  const hub = scene.hub;
  hub.byteCount = SUBSCRIPTION_BYTES_MAX - 2_000;
  scene.ask(client, "SUBSCRIBE", "b0", "c0", "d0");
  assertMatch(
    client.replies[1]!,
    /^-ERR too many subscriptions: those of all clients may take 268435456 bytes\r\n$/,
  );
  await turn();
  assertEquals(hub.byteCount, SUBSCRIPTION_BYTES_MAX - 2_000);
  // What somebody has already costs little.
  const other = new LocalRigClient();
  scene.ask(other, "SUBSCRIBE", "a0");
  assertEquals(other.replies, [said("subscribe", "a0", 1)]);
  await scene.ends();
});
