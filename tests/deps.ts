/**
 * The external code the tests need beyond what the proxy runs on.
 *
 * @module
 */
export {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
export { default as fc } from "fast-check";
