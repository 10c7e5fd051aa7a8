/**
 * Held requests are bounded in number and bytes, and come back in their order.
 *
 * @module
 */
import {
  HELD_BYTES_MAX,
  HELD_REQUESTS_MAX,
  HeldRequests,
} from "../../../../src/redis/transaction/held_requests.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("requests come back in their order, once", () => {
  const held = new HeldRequests();
  const requests = [new Uint8Array(1), new Uint8Array(2)];
  assertEquals(requests.map((request) => held.add(request)), [true, true]);
  assertEquals([held.take(), held.size, held.take()], [requests, 0, []]);
});

Deno.test("neither their number nor their bytes go beyond a limit", () => {
  const many = new HeldRequests();
  for (let count = 0; count < HELD_REQUESTS_MAX; count++) many.add(new Uint8Array(1));
  assertEquals([many.add(new Uint8Array(1)), many.size], [false, HELD_REQUESTS_MAX]);
  const large = new HeldRequests();
  assertEquals(large.add(new Uint8Array(HELD_BYTES_MAX)), true);
  assertEquals([large.add(new Uint8Array(1)), large.size], [false, 1]);
});
