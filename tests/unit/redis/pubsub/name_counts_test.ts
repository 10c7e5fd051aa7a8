import { NameCountsReader, NameCountsWriter } from "../../../../src/redis/pubsub/name_counts.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("what is written is read again, whatever the names are", () => {
  const entries: [string, number][] = [["a", 1], ["", 0], ["12:x3,", 45], ["\xff\0", 2 ** 40]];
  const writer = new NameCountsWriter();
  for (const [name, count] of entries) writer.add(name, count);
  const reader = new NameCountsReader(writer.take());
  const read: [string, number][] = [];
  while (reader.next()) read.push([reader.name, reader.count]);
  assertEquals(read, entries);
  assertEquals(reader.next(), false);
  assertEquals(new NameCountsReader(new NameCountsWriter().take()).next(), false);
});
