import { History, HISTORY_POINTS_MAX } from "../../../../src/supervisor/dashboard/history.ts";
import { assertEquals } from "../../../deps.ts";

const counts = (requests: number, errorReplies = 0, cluster = "a") => ({
  ...{ cluster, requests, errorReplies, clientsConnected: 7 },
});

Deno.test("points are rates between two looks, however far apart they are", () => {
  const history = new History();
  history.add([counts(100)], 1_000);
  assertEquals(history.view().clusters, { a: { requests: [], errors: [], clients: [] } });
  assertEquals(history.newest(), { endsAtMs: 1_000, clusters: {} });
  history.add([counts(600, 5)], 6_000);
  history.add([counts(700, 5)], 16_000);
  assertEquals(history.view().clusters, {
    a: { requests: [100, 10], errors: [1, 0], clients: [7, 7] },
  });
  assertEquals(history.newest(), {
    endsAtMs: 16_000,
    clusters: { a: { requests: 10, errors: 0, clients: 7 } },
  });
});

Deno.test("a quarter of an hour is kept, and nothing of clusters that are gone", () => {
  const history = new History();
  for (let step = 0; step <= HISTORY_POINTS_MAX + 5; step++) {
    history.add([counts(step * 5, 0, "a"), counts(0, 0, "b")], step * 5_000);
  }
  assertEquals(history.view().clusters.a!.requests.length, HISTORY_POINTS_MAX);
  history.add([counts(9_999, 0, "a")], 9_999_000);
  assertEquals(Object.keys(history.view().clusters), ["a"]);
});
