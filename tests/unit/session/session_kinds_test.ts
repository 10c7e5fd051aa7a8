/**
 * Requests are counted once by what their command may do, and once more if they fail, whoever says so.
 *
 * @module
 */
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

/** Requests and failed ones: other, read, write, invalid. */
function counted({ metrics }: CoreRig): [number[], number[]] {
  return [metrics.requestsByKind, [...metrics.failedByKind]];
}

Deno.test("requests are counted by kind, and by whether their server answered by an error", async () => {
  using rig = new CoreRig({ backendCount: 2 });
  const { conn } = rig.client();
  await conn.receives("get a0\nget b0\nput a0 v\nany\n");
  const backend = await rig.accept(0);
  assertEquals(counted(rig), [[1, 2, 1, 0], [0, 0, 0, 0]]);
  await backend.receives("A\n-ERR\n-ERR\n1\n");
  assertEquals(counted(rig), [[1, 2, 1, 0], [0, 1, 1, 0]]);
  assertEquals([rig.metrics.requests, rig.metrics.errorReplies], [4, 2]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a split request fails once, however many of its parts do", async () => {
  using rig = new CoreRig({ backendCount: 2 });
  const { conn } = rig.client();
  await conn.receives("mget a0 a1\ndel a0 a1\nmget a0 a1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await first.receives("-ERR\n1\nA\n");
  await second.receives("-ERR\n-ERR\nA\n");
  assertEquals(counted(rig), [[0, 2, 1, 0], [0, 1, 1, 0]]);
  await conn.ends();
  await rig.ends();
});

Deno.test("what no server sees fails as well: no place, a refusal, a lost connection, an own answer", async () => {
  using rig = new CoreRig({ backendCount: 2 });
  const { conn } = rig.client();
  await conn.receives("get a9\nnonsense\nget\necho -x\necho x\nmget a9 a0\nget a1\n");
  await rig.refuse(1);
  assertEquals(counted(rig), [[2, 4, 0, 1], [1, 4, 0, 1]]);
  assertEquals(conn.written.split("\n").filter((line) => line.startsWith("-")).length, 6);
  await conn.ends();
  await rig.ends();
});

Deno.test("an error for bytes that are no request is none of a kind", async () => {
  using rig = new CoreRig({ backendCount: 2 });
  const { conn } = rig.client();
  await conn.receives("get a0\n!\n");
  await (await rig.accept(0)).receives("A\n");
  assertEquals(counted(rig), [[0, 1, 0, 0], [0, 0, 0, 0]]);
  assertEquals(rig.metrics.errorReplies, 1);
  await rig.ends();
});
