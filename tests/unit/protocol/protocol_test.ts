/**
 * Profiles: requests that must not share a connection never have the same one.
 *
 * @module
 */
import { PROFILES, profilesOf } from "../../../src/protocol/protocol.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

Deno.test("each version, database and kind of server has a profile of its own", () => {
  const indices = new Set<number>();
  for (const version of [2, 3] as const) {
    for (let database = 0; database < 20; database++) {
      const { master, replica } = profilesOf(version, database);
      indices.add(master.index).add(replica.index);
      for (const profile of [master, replica]) {
        assertEquals([profile.version, profile.database], [version, database]);
      }
      assertEquals([master.isReadonly, replica.isReadonly], [false, true]);
    }
  }
  assertEquals([...indices].sort((one, other) => one - other), [...Array(80).keys()]);
});

Deno.test("a profile is one object, however often it is asked for", () => {
  assertStrictEquals(profilesOf(3, 0), PROFILES[3]);
  assertStrictEquals(profilesOf(2, 5), profilesOf(2, 5));
});
