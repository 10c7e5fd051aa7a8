import { CountTask, type Question, SumTask } from "../../../../src/redis/pubsub/count_tasks.ts";
import type { Hub } from "../../../../src/redis/pubsub/hub.ts";
import { NameCountsReader, NameCountsWriter } from "../../../../src/redis/pubsub/name_counts.ts";
import { NameList } from "../../../../src/redis/pubsub/name_list.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { said } from "./scene.ts";

/** Topics of one kind, with how many clients have each. */
function hubOf(counts: Record<string, number>): Hub {
  const topics = new Map(
    Object.entries(counts).map(([name, size]) => [name, { subscribers: { size } }]),
  );
  return {
    topics: () => topics,
    find: (_: number, name: string) => topics.get(name),
  } as unknown as Hub;
}

function question(names: string[] | null, pattern: string | null = null): Question {
  if (names === null) return { kind: 0, names, pattern };
  const request = localRequest(new LocalRigClient(), "NUMSUB", ...names);
  return { kind: 0, names: NameList.ofRequest(request).keep(), pattern };
}

function counted(hub: Hub, asked: Question, pieces: number): [string, number][] {
  let counts: Uint8Array | null = null;
  const task = new CountTask(hub, asked, (answer) => counts = answer);
  for (let calls = 0; calls < 100 && counts === null; calls++) task.work(pieces);
  const reader = new NameCountsReader(counts!);
  const entries: [string, number][] = [];
  while (reader.next()) entries.push([reader.name, reader.count]);
  return entries;
}

Deno.test("a worker counts what is asked for, each name once, whatever the pieces", () => {
  const hub = hubOf({ a: 2, b: 1, "nobody's": 0, ba: 3 });
  for (const pieces of [1, 3, Infinity]) {
    assertEquals(counted(hub, question(null), pieces), [["a", 2], ["b", 1], ["ba", 3]]);
    assertEquals(counted(hub, question(null, "b*"), pieces), [["b", 1], ["ba", 3]]);
    assertEquals(counted(hub, question(["ba", "x", "a", "ba"]), pieces), [["ba", 3], ["a", 2]]);
  }
});

Deno.test("what all workers have is added up, in the shape that was asked for", () => {
  const list = (...entries: [string, number][]) => {
    const writer = new NameCountsWriter();
    for (const [name, count] of entries) writer.add(name, count);
    return writer.take();
  };
  const asked = question(["b", "x", "b"]);
  for (const pieces of [1, Infinity]) {
    const replies = (["names", "counts", "number"] as const).map((shape) => {
      let reply: Uint8Array | null = null;
      const task = new SumTask(asked, shape, (made) => reply = made);
      task.add(list(["a", 1], ["b", 2]));
      task.add(list(["b", 5]));
      task.add(list());
      let calls = 0;
      while (reply === null && calls++ < 100) task.work(pieces);
      if (pieces === 1) assert(calls > 2);
      return textOf(reply!);
    });
    assertEquals(replies[0]!.match(/[ab]/g)!.toSorted(), ["a", "b"]);
    assertEquals(replies.slice(1), [said("b", 7, "x", 0, "b", 7), ":2\r\n"]);
  }
});
