/**
 * The external code the tests need beyond what the proxy runs on.
 *
 * @module
 */
export {
  assert,
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
export { default as fc } from "fast-check";

/** Client libraries, loaded by the tests that use them: loading takes longer than most tests do. */
export const clientLibraries = {
  ioredis: () => import("ioredis"),
  memcached: () => import("memcached"),
  memjs: () => import("memjs"),
  redis: () => import("redis"),
};
