/**
 * Reading the environment without asking for what is not granted.
 *
 * @module
 */
import {
  ENVIRONMENT_NAMES,
  type EnvironmentName,
  readEnvironment,
} from "../../../src/config/environment.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("readEnvironment() reads what is granted and set, and never touches the rest", () => {
  const read: EnvironmentName[] = [];
  const values: Partial<Record<EnvironmentName, string>> = {
    RUST_LOG: "info",
    ASTER_LOG: "",
    HOST: "x",
  };
  const environment = readEnvironment({
    isGranted: (name) => name !== "HOST",
    get: (name) => {
      read.push(name);
      return values[name];
    },
  });
  assertEquals(environment, { RUST_LOG: "info" });
  assertEquals(read, ["ASTER_CONFIG_TOML", "ASTER_DEFAULT_THREAD", "ASTER_LOG", "RUST_LOG"]);
  assertEquals(ENVIRONMENT_NAMES.length, 5);
});

Deno.test({
  name: "readEnvironment() of a process without permission is empty",
  permissions: { env: false },
  fn: () => assertEquals(readEnvironment(), {}),
});
