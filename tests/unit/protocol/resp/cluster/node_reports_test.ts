/**
 * What nodes say of their part in replication.
 *
 * @module
 */
import { readReport, readZone } from "../../../../../src/protocol/resp/cluster/node_reports.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function bulk(...lines: string[]): Uint8Array {
  const text = lines.map((line) => `${line}\r\n`).join("");
  return bytesOf(`$${text.length}\r\n${text}\r\n`);
}

function report(...lines: string[]) {
  const bytes = bulk("# Replication", ...lines);
  return readReport(bytes, 0, bytes.length);
}

Deno.test("a master and a replica tell their places", () => {
  assertEquals(report("role:master", "connected_slaves:1", "master_repl_offset:42"), {
    isReplica: false,
    isLinked: true,
    offset: 42,
  });
  const replica = ["role:slave", "master_link_status:up", "slave_repl_offset:41"];
  const linked = { isReplica: true, isLinked: true, offset: 41 };
  assertEquals(report(...replica, "master_sync_in_progress:0"), linked);
  assertEquals(report(...replica, "master_sync_in_progress:1"), { ...linked, isLinked: false });
  const lone = ["role:slave", "master_link_status:down", "slave_repl_offset:41"];
  assertEquals(report(...lone), { ...linked, isLinked: false });
});

Deno.test("a node that is loading has nothing to read", () => {
  const bytes = bytesOf("-LOADING Redis is loading the dataset in memory\r\n");
  assertEquals(readReport(bytes, 0, bytes.length), { isReplica: true, isLinked: false, offset: 0 });
});

Deno.test("another answer is none", () => {
  for (const text of ["-NOPERM no\r\n", "+OK\r\n", "*0\r\n", "$3\r\nabc\r\n"]) {
    const bytes = bytesOf(text);
    assertEquals(readReport(bytes, 0, bytes.length), null, text);
    assertEquals(readZone(bytes, 0, bytes.length), "", text);
  }
});

Deno.test("the zone is read where a server tells one", () => {
  const zone = (...lines: string[]) => {
    const bytes = bulk("# Server", ...lines);
    return readZone(bytes, 0, bytes.length);
  };
  assertEquals(zone("availability_zone:eu-1"), "eu-1");
  assertEquals([zone("availability_zone:"), zone("redis_version:7.0.15")], ["", ""]);
});
