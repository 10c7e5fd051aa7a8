import { assertEquals } from "../../deps.ts";
import { assignClusters, reassignClusters } from "../../../src/supervisor/assignment.ts";
import { clusterConfig } from "./cluster_configs.ts";

function names(threads: Record<string, number>) {
  const clusters = Object.entries(threads).map(([name, thread], index) =>
    clusterConfig(name, thread, 7_000 + index)
  );
  const { clusters: assigned, leaders } = assignClusters(clusters);
  return {
    workers: assigned.map((own) => own.map(({ name }) => name).join(" ")),
    leaders: Object.fromEntries(leaders),
  };
}

Deno.test("assignClusters() makes as many workers as the largest thread", () => {
  assertEquals(names({ a: 1, b: 3 }).workers, ["a b", "b", "b"]);
});

Deno.test("assignClusters() gives a cluster to the workers that serve the fewest", () => {
  assertEquals(names({ a: 2, b: 1, c: 1, d: 1 }).workers, ["a b d", "a c"]);
  assertEquals(names({ wide: 4, a: 2, b: 2 }).workers, ["wide a", "wide a", "wide b", "wide b"]);
});

Deno.test("assignClusters() names one leader per cluster and spreads leadership", () => {
  assertEquals(names({ a: 2, b: 2, c: 2 }).leaders, { a: 0, b: 1, c: 0 });
  assertEquals(names({ a: 1 }).leaders, { a: 0 });
});

Deno.test("reassignClusters() leaves clusters and leaders where they are, as far as threads allow", () => {
  const of = (threads: Record<string, number>) =>
    Object.entries(threads).map(([name, thread]) => clusterConfig(name, thread, 7_000));
  const show = ({ clusters, leaders }: ReturnType<typeof assignClusters>) => ({
    workers: clusters.map((own) => own.map(({ name }) => name).join(" ")),
    leaders: Object.fromEntries(leaders),
  });
  const first = assignClusters(of({ a: 1, b: 1, c: 2 }));
  assertEquals(show(first), { workers: ["a c", "b c"], leaders: { a: 0, b: 1, c: 0 } });
  // The new cluster stands first in the file, and takes nobody's place.
  const second = reassignClusters(first, of({ d: 1, a: 1, b: 1, c: 2 }));
  assertEquals(show(second), {
    workers: ["a c d", "b c"],
    leaders: { a: 0, b: 1, c: 0, d: 0 },
  });
  const third = reassignClusters(second, of({ b: 3, c: 1 }));
  assertEquals(show(third), { workers: ["b c", "b", "b"], leaders: { b: 1, c: 0 } });
  assertEquals(show(reassignClusters(third, of({ b: 1 }))), { workers: ["b"], leaders: { b: 0 } });
});
