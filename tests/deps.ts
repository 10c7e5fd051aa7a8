/**
 * The external code the tests need beyond what the proxy runs on. Names and versions stand here, and not in
 * `deno.json`: whoever runs the proxy would download what that names.
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
} from "npm:deno-std@1.4.0/assert/mod.js";
export { parse as parseYaml, parseAll as parseAllYaml } from "npm:deno-std@1.4.0/yaml/mod.js";
export { default as fc } from "npm:fast-check@4.10.2";

/** Client libraries, loaded by the tests that use them: loading takes longer than most tests do. */
export const clientLibraries = {
  ioredis: () => import("npm:ioredis@6.0.0"),
  memcached: () => import("npm:memcached@2.2.2"),
  memjs: () => import("npm:memjs@1.3.2"),
  redis: () => import("npm:redis@6.3.1"),
  puppeteer: () => import("npm:puppeteer-core@24.31.0"),
};
