/**
 * Held requests are bounded in number and bytes, and come back in their order.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import {
  HELD_BYTES_MAX,
  HELD_REQUEST_BYTES,
  HELD_REQUESTS_MAX,
  type HeldRequest,
  HeldRequests,
} from "../../../../src/redis/transaction/held_requests.ts";
import { assertEquals } from "../../../deps.ts";

function request(byteCount: number): HeldRequest {
  return { bytes: new Uint8Array(byteCount), row: respCommands.rows[0]! };
}

Deno.test("requests come back in their order, once", () => {
  const held = new HeldRequests();
  const requests = [request(1), request(2)];
  assertEquals(requests.map((one) => held.add(one)), [true, true]);
  assertEquals([held.take(), held.size, held.take()], [requests, 0, []]);
});

Deno.test("neither their number nor their bytes go beyond a limit", () => {
  const many = new HeldRequests();
  for (let count = 0; count < HELD_REQUESTS_MAX; count++) many.add(request(1));
  assertEquals([many.add(request(1)), many.size], [false, HELD_REQUESTS_MAX]);
  const large = new HeldRequests();
  assertEquals(large.add(request(HELD_BYTES_MAX)), true);
  assertEquals([large.add(request(1)), large.size], [false, 1]);
});

Deno.test("what they take counts with their objects, until they are taken", () => {
  const held = new HeldRequests();
  for (const size of [10, 20]) held.add(request(size));
  assertEquals(held.heldBytes, 30 + 2 * HELD_REQUEST_BYTES);
  held.take();
  assertEquals(held.heldBytes, 0);
});
