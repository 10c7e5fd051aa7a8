/**
 * What has grown since the look before the last: of all that grew at all.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { RECENT_MS, RecentCounts } from "../../../src/supervisor/recent_counts.ts";
import { assertEquals } from "../../deps.ts";
import { backend, snapshot } from "./snapshots.ts";

const { id } = failures.backendTimeout;

function counts(requests: number, timeouts: number, inFlight = 0) {
  const one = snapshot("main", { requests });
  one.failures[id] = timeouts;
  one.backends = [backend("a:1", { requests, inFlight, failuresByReason: [[id, timeouts]] })];
  return one;
}

Deno.test("what is told is of the last one to two looks", () => {
  const recent = new RecentCounts();
  assertEquals(recent.of(counts(5, 0), 0), null);
  recent.look([counts(100, 1, 2)], 1_000);
  assertEquals(recent.of(counts(100, 1), 1_000), null);
  // Too soon to count as a look.
  recent.look([counts(120, 1)], 1_000 + RECENT_MS / 2);
  recent.look([counts(200, 1)], 1_000 + RECENT_MS);
  const found = recent.of(counts(300, 4), 1_000 + 2 * RECENT_MS)!;
  assertEquals([found.seconds, found.requests, [...found.failures]], [10, 200, [[id, 3]]]);
  const server = found.servers.get("a:1")!;
  assertEquals([server.requests, [...server.failures], server.wasAsked], [200, [[id, 3]], true]);
  recent.look([counts(300, 4)], 1_000 + 2 * RECENT_MS);
  const next = recent.of(counts(310, 4), 1_000 + 3 * RECENT_MS)!;
  assertEquals([next.requests, [...next.failures]], [110, [[id, 3]]]);
});

Deno.test("of a cluster that is new nothing is known", () => {
  const recent = new RecentCounts();
  recent.look([], 0);
  assertEquals(recent.of(counts(5, 0), 1_000), null);
});
