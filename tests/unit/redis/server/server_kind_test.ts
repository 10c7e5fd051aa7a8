/**
 * What servers do otherwise than Redis 7.0, by product and version.
 *
 * @module
 */
import { DEFAULT_KIND, kindOf } from "../../../../src/redis/server/server_kind.ts";
import { NESTED } from "../../../../src/redis/transaction/replies.ts";
import { assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

Deno.test("Redis is taken for 6.2, 7.0 or 8.2, and Valkey for itself", () => {
  const taken = (redisVersion: string, valkeyVersion: string | null = null) => {
    const { product, version, ways } = kindOf(redisVersion, valkeyVersion);
    return [product, version, ...ways.takenOutsideCluster].join(" ");
  };
  assertEquals(taken("6.2.5"), "redis 6.2.5 readwrite");
  assertEquals(taken("7.0.15"), "redis 7.0.15");
  assertEquals(taken("10.0.0"), "redis 10.0.0");
  assertEquals(taken("7.2.4", "9.1.2"), "valkey 9.1.2 readonly readwrite");
  assertEquals(DEFAULT_KIND.ways, kindOf("7.0.15", null).ways);
});

Deno.test("from 8.0 on Redis looks at all options of HELLO first, and knows other words", () => {
  const of = (version: string) => {
    const { words, checksHelloFirst } = kindOf(version, null).ways;
    return [words.size, checksHelloFirst];
  };
  assertEquals(["6.2.5", "7.0.15", "7.4.0", "8.0.0", "8.2.3", "10.0.0"].map(of), [
    [0, false],
    [0, false],
    [0, false],
    [2, true],
    [2, true],
    [2, true],
  ]);
});

Deno.test("what others say otherwise is an error with the same code", () => {
  const valkey = kindOf("7.2.4", "9.1.2").ways.words;
  assertEquals(valkey.has(NESTED), true);
  const words = [...valkey, ...kindOf("8.2.3", null).ways.words];
  for (const [redis, valkey] of words) {
    const [code, otherCode] = [redis, valkey].map((reply) => textOf(reply).split(" ")[0]);
    assertEquals(otherCode, code);
    assertEquals(textOf(valkey) === textOf(redis), false);
  }
});
