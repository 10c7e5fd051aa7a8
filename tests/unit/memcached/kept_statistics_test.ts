import { hotStatistics, slowStatistics } from "../../../src/memcached/kept_statistics.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("an entry is some lines, each with its number, and no key ends a line", () => {
  const words = ["get", "a\r\nEND"].map((word) => new TextEncoder().encode(word));
  const lines = slowStatistics([{
    id: 5,
    startedAtMs: 0,
    totalUs: 12_000,
    queueUs: 2_000,
    serverUs: 10_000,
    client: 1,
    address: "10.0.0.1:5",
    name: "",
    user: "ann",
    backend: "10.0.0.2:11211",
    command: "get",
    words,
    failure: "",
    isFirst: true,
  }]);
  assertEquals(lines[1], ["5:totalUs", "12000"]);
  assertEquals(lines.at(-1), ["5:request", "get a\\x0d\\x0aEND"]);
  assertEquals(lines.every(([name]) => name.startsWith("5:")), true);
});

Deno.test("a hot key is one line with its times and how wrong these may be", () => {
  const keys = [{ key: "some key", hits: 640, error: 96 }, { key: "\xff", hits: 32, error: 0 }];
  assertEquals(hotStatistics(keys), [["1", "640 96 some\\x20key"], ["2", "32 0 \\xff"]]);
});
