import { assertEquals, assertThrows } from "../deps.ts";
import { parseConfig } from "../../src/embed.ts";

Deno.test("parseConfig() fills the defaults in", () => {
  const { clusters, runtime } = parseConfig(`
[runtime]
metrics = "off"
[[clusters]]
name = "main"
listen_addr = "127.0.0.1:7000"
cache_type = "redis"
servers = ["127.0.0.1:6379"]
`);
  assertEquals(runtime.metrics, null);
  assertEquals(clusters.map(({ name, readTimeoutMs }) => [name, readTimeoutMs]), [["main", 1_000]]);
});

Deno.test("parseConfig() throws everything that is wrong, a line each", () => {
  const error = assertThrows(
    () =>
      parseConfig(`
[[clusters]]
name = "main"
listen_addr = "nowhere"
cache_type = "postgres"
servers = ["127.0.0.1:6379"]
`),
    TypeError,
  );
  const lines = error.message.split("\n");
  assertEquals(lines.length, 2);
  assertEquals(lines.every((line: string) => line.startsWith("configuration: clusters[0].")), true);
});
