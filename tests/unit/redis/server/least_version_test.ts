import { leastVersion } from "../../../../src/redis/server/least_version.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("versions are compared by their numbers", () => {
  assertEquals(leastVersion(["7.10.0", "7.9.1", "8"]), "7.9.1");
  assertEquals(leastVersion(["7.0", "7.0.1"]), "7.0");
  assertEquals(leastVersion([]), null);
});
