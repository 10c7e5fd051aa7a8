/**
 * Databases are bounded in number; those in use stay usable.
 *
 * @module
 */
import { Databases, DATABASES_MAX } from "../../../../src/redis/connection/databases.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("there is room for so many databases besides 0", () => {
  const databases = new Databases();
  assertEquals([databases.isKnown(0), databases.isKnown(1), databases.mayUse(1)], [
    true,
    false,
    true,
  ]);
  for (let database = 1; database <= DATABASES_MAX; database++) databases.add(database);
  assertEquals([databases.mayUse(1), databases.mayUse(DATABASES_MAX + 1)], [true, false]);
});
