import { OUTPUT_SOFT_BYTES, OutputPool, OutputShare } from "../../../src/session/output_share.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a client may leave a little untaken, and shares what is above", () => {
  const pool = new OutputPool(100);
  const [one, other] = [new OutputShare(pool), new OutputShare(pool)];
  one.set(OUTPUT_SOFT_BYTES);
  assertEquals([one.heldBytes, pool.heldBytes], [0, 0]);
  one.set(OUTPUT_SOFT_BYTES + 60);
  other.set(OUTPUT_SOFT_BYTES + 39);
  assertEquals([pool.heldBytes, pool.isFull], [99, false]);
  other.set(OUTPUT_SOFT_BYTES + 40);
  assertEquals([pool.heldBytes, pool.isFull], [100, true]);
  one.set(0);
  assertEquals([one.heldBytes, pool.heldBytes, pool.isFull], [0, 40, false]);
});

Deno.test("whoever waits hears once, when others have taken enough", () => {
  const pool = new OutputPool(100);
  const share = new OutputShare(pool);
  let heard = 0;
  const waiter = { outputTaken: () => heard += 1 };
  share.set(OUTPUT_SOFT_BYTES + 300);
  pool.wait(waiter);
  pool.wait(waiter);
  share.set(OUTPUT_SOFT_BYTES + 200);
  assertEquals(heard, 0);
  share.set(OUTPUT_SOFT_BYTES + 99);
  share.set(OUTPUT_SOFT_BYTES);
  assertEquals(heard, 1);
});
