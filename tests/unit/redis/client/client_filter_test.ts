/**
 * The filters of CLIENT LIST and CLIENT KILL.
 *
 * @module
 */
import {
  type ClientFilter,
  EVERY_CLIENT,
  type FilteredClient,
  type FilterReader,
  killFilter,
  listFilter,
  matchesFilter,
} from "../../../../src/redis/client/client_filter.ts";
import { Refused } from "../../../../src/redis/core/refused.ts";
import { assert, assertEquals } from "../../../deps.ts";

const client: FilteredClient = {
  id: 5,
  type: "normal",
  address: "10.0.0.1:4000",
  localAddress: "10.0.0.2:9002",
  ip: "10.0.0.1",
  user: "default",
  name: "worker",
  flags: "xe",
  database: 3,
  libraryName: "jedis",
  libraryVersion: "5.1",
  age: 60,
  idle: 10,
};

function reader(ownId: number): FilterReader {
  const isUser = (name: string) => name === "default" || name === "ann\u00e9";
  return { ownId, isUser, areAlike: false };
}

function filter(made: ClientFilter | Refused): ClientFilter {
  if (made instanceof Refused) throw new Error("an error where a filter was expected");
  return made;
}

function error(made: ClientFilter | Refused): string {
  if (!(made instanceof Refused)) throw new Error("a filter where an error was expected");
  return new TextDecoder().decode(made.reply);
}

const list = (...words: string[]) => listFilter(words, reader(1));
const kill = (...words: string[]) => killFilter(words, reader(1));

Deno.test("CLIENT LIST means all clients, those of a type, or those with some ids", () => {
  const isListed = (...words: string[]) => matchesFilter(client, filter(list(...words)));
  assertEquals(list(), EVERY_CLIENT);
  assertEquals([isListed("TYPE", "Normal"), isListed("type", "pubsub")], [true, false]);
  assertEquals([isListed("ID", "4", "5"), isListed("ID", "4")], [true, false]);
  assert(!isListed("ID", "0"));
  assertEquals(error(list("ID", "x")), "-ERR Invalid client ID\r\n");
  assertEquals(error(list("ID")), "-ERR syntax error\r\n");
  assertEquals(error(list("TYPE", "x")), "-ERR Unknown client type 'x'\r\n");
});

Deno.test("CLIENT KILL means what all its filters match, and spares who asks", () => {
  const isKilled = (ownId: number, ...words: string[]) =>
    matchesFilter(client, filter(killFilter(words, reader(ownId))));
  assertEquals(isKilled(1, "ID", "5", "ADDR", "10.0.0.1:4000", "USER", "default"), true);
  assertEquals(isKilled(1, "LADDR", "10.0.0.2:9002", "TYPE", "normal"), true);
  assertEquals(isKilled(1, "ID", "5", "ADDR", "10.0.0.1:4001"), false);
  assertEquals([isKilled(5, "ID", "5"), isKilled(5, "ID", "5", "SKIPME", "no")], [false, true]);
  assertEquals(error(kill("ID", "0")), "-ERR client-id should be greater than 0\r\n");
  for (const words of [["ID", "1", "ADDR"], ["SKIPME", "x"], ["x", "y"]]) {
    assertEquals(error(kill(...words)), "-ERR syntax error\r\n");
  }
});

Deno.test("the filters of later servers are known to both, with NOT- where those have it", () => {
  const fits: readonly (readonly [string, boolean])[] = [
    ["ID 4 5 USER default", true],
    ["NAME worker DB 3 IP 10.0.0.1", true],
    ["NAME other", false],
    ["NOT-NAME other", true],
    ["NOT-DB 3", false],
    ["FLAGS e", true],
    ["FLAGS eP", false],
    ["NOT-FLAGS P", true],
    ["LIB-NAME jedis LIB-VER 5.1", true],
    ["LIB-VER 5.2", false],
    ["MAXAGE 60 IDLE 10", true],
    ["MAXAGE 61", false],
    ["IDLE 11", false],
    ["TYPE slave", false],
    ["NOT-TYPE primary", true],
    ["SKIPME yes", true],
  ];
  for (const [words, isMeant] of fits) {
    for (const read of [list, kill]) {
      assertEquals(matchesFilter(client, filter(read(...words.split(" ")))), isMeant, words);
    }
  }
  const itself = listFilter(["SKIPME", "yes"], reader(5));
  assertEquals(matchesFilter(client, filter(itself)), false);
});

Deno.test("what is wrong with a filter is said of the first that is wrong", () => {
  const errors: readonly (readonly [string, string])[] = [
    ["ID 0 x", "ERR client-id should be greater than 0"],
    ["ID x", "ERR client-id should be greater than 0"],
    ["ID 3 x 5", "ERR syntax error"],
    ["USER nobody", "ERR No such user 'nobody'"],
    ["USER nobody x", "ERR No such user 'nobody'"],
    ["TYPE x y z", "ERR Unknown client type 'x'"],
    ["FLAGS q", "ERR Unknown flags found in the provided filter: q"],
    ["DB x", "ERR DB is not an integer or out of range"],
    ["DB -1", "ERR DB number should be between 0 and 1023"],
    ["IDLE x", "ERR idle is not an integer or out of range"],
    ["MAXAGE 0", "ERR maxage should be greater than 0"],
    ["NOT-MAXAGE 1", "ERR syntax error"],
    ["NOT-SKIPME yes", "ERR syntax error"],
  ];
  for (const [words, text] of errors) {
    assertEquals(error(kill(...words.split(" "))), `-${text}\r\n`, words);
  }
  assertEquals(error(list("ID", "1", "x")), "-ERR Invalid client ID\r\n");
});

Deno.test("a user's name is compared as the text that its bytes are", () => {
  const read = killFilter(["USER", "ann\u00c3\u00a9"], reader(1));
  assertEquals(filter(read).conditions, [{ fact: "user", values: ["ann\u00e9"], isNot: false }]);
});

Deno.test("where both are read alike LIST wants ids as KILL does, and no number is a syntax error", () => {
  const alike = { ...reader(1), areAlike: true };
  const errors: [string[], string][] = [
    [["ID", "x"], "-ERR syntax error\r\n"],
    [["ID", "0"], "-ERR client-id should be greater than 0\r\n"],
    [["ID", "1", "x"], "-ERR syntax error\r\n"],
    [["TYPE", "x", "y"], "-ERR Unknown client type 'x'\r\n"],
  ];
  for (const [words, expected] of errors) {
    assertEquals([listFilter, killFilter].map((read) => error(read(words, alike))), [
      expected,
      expected,
    ]);
  }
  assert(matchesFilter(client, filter(listFilter(["ID", "4", "5", "TYPE", "normal"], alike))));
});
