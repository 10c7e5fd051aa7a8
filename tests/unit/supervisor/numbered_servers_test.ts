/**
 * Servers keep their numbers through reloads, whatever their places in the file.
 *
 * @module
 */
import type { ServerConfig } from "../../../src/config/config.ts";
import { SERVER_NUMBER_MAX } from "../../../src/router/server_numbers.ts";
import { NumberedServers } from "../../../src/supervisor/numbered_servers.ts";
import { assertEquals } from "../../deps.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

function numbersOf(numbered: NumberedServers, servers: ServerConfig[], name = "main") {
  const cluster = { ...clusterConfig(name, 1, 7_000), servers };
  return numbered.number(config(cluster)).clusters[0]!.servers.map(({ number }) => number);
}

Deno.test("a server keeps its number, a newcomer gets the next, and so does one that moves under its alias", () => {
  const numbered = new NumberedServers();
  const [one, two, three] = [serverAt(1), serverAt(2), serverAt(3)];
  assertEquals(numbersOf(numbered, [one, two]), [1, 2]);
  assertEquals(numbersOf(numbered, [three, two]), [3, 2]);
  assertEquals(numbersOf(numbered, [two, one]), [2, 1]);
  assertEquals(numbersOf(numbered, [{ ...one, alias: "a" }, { ...two, alias: "a" }]), [4, 5]);
  assertEquals(numbersOf(numbered, [two], "other"), [1]);
});

Deno.test("when all numbers were given the one that is gone longest is given again", () => {
  const numbered = new NumberedServers();
  const stays = serverAt(1);
  for (let port = 2; port <= SERVER_NUMBER_MAX; port++) {
    assertEquals(numbersOf(numbered, [stays, serverAt(port)]), [1, port]);
  }
  assertEquals(numbersOf(numbered, [stays, serverAt(2_000)]), [1, 2]);
  assertEquals(numbersOf(numbered, [stays, serverAt(2_001), serverAt(4)]), [1, 3, 4]);
  const all = Array.from({ length: SERVER_NUMBER_MAX + 1 }, (_, index) => serverAt(3_000 + index));
  assertEquals(numbersOf(numbered, all).filter((number) => number === null).length, 1);
});

Deno.test("nodes of a Redis Cluster are numbered elsewhere", () => {
  const numbered = new NumberedServers();
  const cluster = { ...clusterConfig("main", 1, 7_000), type: "redis_cluster" as const };
  assertEquals(numbered.number(config(cluster)).clusters[0]!.servers[0]!.number, undefined);
});
