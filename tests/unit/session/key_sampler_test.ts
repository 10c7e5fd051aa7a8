/**
 * Every key of every request is shown to the sketch, once: also of requests that wait and come again.
 *
 * @module
 */
import { HotKeys } from "../../../src/observe/hot_keys.ts";
import { KeySampler } from "../../../src/session/key_sampler.ts";
import { Verdict, type VerdictCode } from "../../../src/session/stages.ts";
import { assert, assertEquals } from "../../deps.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { frameOf } from "../../support/rigs/local_rig.ts";

function counts(keys: HotKeys): Record<string, number> {
  return Object.fromEntries(
    keys.entries().filter(({ key }) => key !== null).map(({ key, hits }) => [key, hits]),
  );
}

function createSampler(sampleEvery = 1): { keys: HotKeys; sampler: KeySampler } {
  const keys = new HotKeys({ sampleEvery, capacity: 64 }, () => 0);
  return { keys, sampler: new KeySampler(keys) };
}

Deno.test("all keys of a request are seen, its destination included, and nothing of one without keys", () => {
  const { keys, sampler } = createSampler();
  for (
    const line of [
      "GET a",
      "MGET a b",
      "MSET c 1 d 2",
      "ZUNIONSTORE e 2 a b",
      "PING",
      "NOSUCH x",
      "GET",
    ]
  ) {
    const { frame, bytes } = frameOf(line.split(" "));
    sampler.see(frame, bytes);
  }
  assertEquals(counts(keys), { a: 3, b: 2, c: 1, d: 1, e: 1 });
});

Deno.test("of a request of many keys as many are counted as of as many requests", () => {
  const { keys, sampler } = createSampler(8);
  const words = Array.from({ length: 1_000 }, () => "k");
  for (let count = 0; count < 20; count++) {
    const { frame, bytes } = frameOf(["MGET", ...words]);
    sampler.see(frame, bytes);
  }
  const [entry] = keys.entries();
  assert(entry?.key === "k" && Math.abs(entry.hits - 20_000) <= entry.error, JSON.stringify(entry));
});

Deno.test("a key of any bytes is kept byte by byte, a very long one by its beginning", () => {
  const { keys, sampler } = createSampler();
  const { frame, bytes } = frameOf(["GET", "x".repeat(300)]);
  bytes[bytes.length - 302] = 0xff;
  sampler.see(frame, bytes);
  assertEquals(counts(keys), { [`\u00ff${"x".repeat(255)}`]: 1 });
});

Deno.test("a request that has to wait is seen once", async () => {
  using rig = new CoreRig();
  const { keys, sampler } = createSampler();
  const context = { ...rig.sessionContext, sampler };
  const { conn, session } = rig.client(context);
  let asked = 0;
  session.stage = {
    onRequest: (): VerdictCode => (asked += 1) < 3 ? Verdict.Wait : Verdict.Pass,
    onInputEnd: () => false,
    onClose() {},
  };
  await conn.receives("get a0\nget b0\n");
  for (let count = 0; count < 3; count++) {
    session.parseOn();
    await conn.receives("");
  }
  const backend = await rig.accept(0);
  await backend.receives("1\n2\n");
  assertEquals(counts(keys), { a0: 1, b0: 1 });
  await conn.ends();
  await rig.ends();
});
