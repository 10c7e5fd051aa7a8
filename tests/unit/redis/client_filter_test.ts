/**
 * The filters of CLIENT LIST and CLIENT KILL.
 *
 * @module
 */
import {
  type ClientFilter,
  EVERY_CLIENT,
  type FilteredClient,
  killFilter,
  listFilter,
  matchesFilter,
} from "../../../src/redis/client_filter.ts";
import { assert, assertEquals } from "../../deps.ts";

const client: FilteredClient = {
  id: 5,
  type: "normal",
  address: "10.0.0.1:4000",
  localAddress: "10.0.0.2:9002",
  user: "default",
};

function filter(made: ClientFilter | Uint8Array): ClientFilter {
  if (made instanceof Uint8Array) throw new Error("an error where a filter was expected");
  return made;
}

function error(made: ClientFilter | Uint8Array): string {
  if (!(made instanceof Uint8Array)) throw new Error("a filter where an error was expected");
  return new TextDecoder().decode(made);
}

Deno.test("CLIENT LIST means all clients, those of a type, or those with some ids", () => {
  const isListed = (...words: string[]) => matchesFilter(client, filter(listFilter(words)));
  assertEquals(listFilter([]), EVERY_CLIENT);
  assertEquals([isListed("TYPE", "Normal"), isListed("type", "pubsub")], [true, false]);
  assertEquals([isListed("ID", "4", "5"), isListed("ID", "4")], [true, false]);
  assert(!isListed("ID", "0"));
  assertEquals(error(listFilter(["ID", "x"])), "-ERR Invalid client ID\r\n");
  assertEquals(error(listFilter(["ID"])), "-ERR syntax error\r\n");
  assertEquals(error(listFilter(["TYPE", "x"])), "-ERR Unknown client type 'x'\r\n");
});

Deno.test("CLIENT KILL means what all its filters match, and spares who asks", () => {
  const isKilled = (ownId: number, ...words: string[]) =>
    matchesFilter(client, filter(killFilter(words, ownId)));
  assertEquals(isKilled(1, "ID", "5", "ADDR", "10.0.0.1:4000", "USER", "default"), true);
  assertEquals(isKilled(1, "LADDR", "10.0.0.2:9002", "TYPE", "normal"), true);
  assertEquals(isKilled(1, "ID", "5", "ADDR", "10.0.0.1:4001"), false);
  assertEquals([isKilled(5, "ID", "5"), isKilled(5, "ID", "5", "SKIPME", "no")], [false, true]);
  assertEquals(error(killFilter(["ID", "0"], 1)), "-ERR client-id should be greater than 0\r\n");
  for (const words of [["ID", "1", "ADDR"], ["SKIPME", "x"], ["x", "y"]]) {
    assertEquals(error(killFilter(words, 1)), "-ERR syntax error\r\n");
  }
});
