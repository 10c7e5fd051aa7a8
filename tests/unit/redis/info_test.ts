/**
 * INFO has the lines libraries look for, by section.
 *
 * @module
 */
import { infoAnswer } from "../../../src/redis/info.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import { infoSource, localRequest, LocalRigClient, textOf } from "../../support/local_rig.ts";

function info(version: 2 | 3, ...words: string[]): string {
  return textOf(
    infoAnswer(localRequest(new LocalRigClient(version), "INFO", ...words), infoSource, "7.2.5"),
  );
}

Deno.test("INFO has what libraries wait for and what the proxy counts", () => {
  const text = info(2);
  for (
    const line of [
      "redis_version:7.2.5",
      "redis_mode:standalone",
      "arch_bits:64",
      "tcp_port:9002",
      "uptime_in_seconds:90061",
      "uptime_in_days:1",
      "connected_clients:3",
      "loading:0",
      "total_connections_received:5",
      "total_commands_processed:11",
      "total_error_replies:2",
      "role:master",
      "cluster_enabled:0",
      "proxy_backends:4",
    ]
  ) assertEquals([line, text.includes(`\r\n${line}\r\n`)], [line, true]);
});

Deno.test("INFO names the length of its text in bytes, and RESP3 has it verbatim", () => {
  const [, length, body] = /^\$(\d+)\r\n(.*)\r\n$/s.exec(info(2))!;
  assertEquals(Number(length), body!.length);
  assertMatch(info(3, "cluster"), /^=\d+\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n/);
});

Deno.test("INFO gives the sections asked for, whatever their case", () => {
  assertEquals(info(2, "CLUSTER"), "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
  assertEquals(info(2, "nonsense"), "$0\r\n\r\n");
  assertEquals(info(2, "everything"), info(2));
});
