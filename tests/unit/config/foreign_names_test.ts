/**
 * Names of other programs' settings: each counterpart exists, and none hides a key of this program.
 *
 * @module
 */
import { foreignName, keysTold } from "../../../src/config/foreign_names.ts";
import { clusterKeys, laterKeys, runtimeKeys } from "../../../src/config/schema.ts";
import { assert, assertEquals } from "../../deps.ts";

Deno.test("foreignName() tells only keys that exist", () => {
  const known = [...Object.keys(clusterKeys), ...Object.keys(runtimeKeys)];
  assertEquals(keysTold().filter((name) => !known.includes(name)), []);
  assert(keysTold().length > 20);
});

Deno.test("foreignName() knows no name that this program reads itself", () => {
  const own = [...Object.keys(clusterKeys), ...Object.keys(runtimeKeys), ...laterKeys];
  assertEquals(own.filter((name) => foreignName(name) !== null), []);
});

Deno.test("foreignName() does not look at case, underscores and dashes", () => {
  const text = 'predixy\'s name: here it is "read_timeout"';
  for (const name of ["ServerTimeout", "server_timeout", "server-timeout"]) {
    assertEquals(foreignName(name), text);
  }
  assertEquals(foreignName("no such setting"), null);
});
