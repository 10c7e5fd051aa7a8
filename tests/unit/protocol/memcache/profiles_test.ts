import {
  BINARY_PROFILES,
  META_PROFILES,
  TEXT_PROFILES,
} from "../../../../src/protocol/memcache/profiles.ts";
import { PROFILES } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("each protocol has connections of its own, and there are no replicas", () => {
  const all = [TEXT_PROFILES, META_PROFILES, BINARY_PROFILES];
  assertEquals(all.map(({ master }) => [master.index, master.dialect]), [[0, 0], [1, 1], [2, 2]]);
  for (const { master, replica } of all) assertEquals(replica === master, true);
  // Probes go over connections of the plain profile: to memcached, of lines.
  assertEquals(PROFILES[2].master.dialect, TEXT_PROFILES.master.dialect);
});
