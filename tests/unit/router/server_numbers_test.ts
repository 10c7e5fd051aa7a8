/**
 * Numbers stay, whoever comes and goes.
 *
 * @module
 */
import { SERVER_NUMBER_MAX, ServerNumbers } from "../../../src/router/server_numbers.ts";
import { assertEquals } from "../../deps.ts";

const servers = (...addresses: string[]) => addresses.map((address) => ({ address }));

function arranged(numbers: ServerNumbers, ...addresses: string[]): (string | null)[] | null {
  return numbers.arrange(servers(...addresses))?.map((server) => server?.address ?? null) ?? null;
}

Deno.test("a newcomer is last, one that left keeps its place", () => {
  const numbers = new ServerNumbers();
  numbers.add(["b", "a", "b"]);
  assertEquals(arranged(numbers, "a", "b"), [null, "b", "a"]);
  numbers.add(["c", "a"]);
  assertEquals(arranged(numbers, "c", "a"), [null, null, "a", "c"]);
  assertEquals(arranged(numbers, "c", "a", "d"), null, "d has no number");
});

Deno.test("followers know what the leader knows, and never forget it", () => {
  const numbers = new ServerNumbers();
  numbers.follow(["a", "b"]);
  numbers.follow(["a"]);
  numbers.add(["c"]);
  assertEquals(numbers.addresses, ["a", "b", "c"]);
});

Deno.test("when all numbers were given, that of the server that has been gone longest is given again", () => {
  const numbers = new ServerNumbers();
  const names = Array.from({ length: SERVER_NUMBER_MAX }, (_, index) => `s${index}`);
  numbers.add(names);
  numbers.add(names.filter((name) => name !== "s7"));
  numbers.add(names.filter((name) => name !== "s7" && name !== "s3"));
  numbers.add(["s0", "new"]);
  assertEquals([numbers.numberOf("new"), numbers.numberOf("s7")], [8, null]);
  // A follower takes it over.
  const other = new ServerNumbers();
  other.follow(names);
  other.follow(numbers.addresses);
  assertEquals(other.numberOf("new"), 8);
  other.add(["s0", "new", "newer"]);
  assertEquals(other.numberOf("newer"), 2);
});

Deno.test("there are no more numbers than a cursor can hold", () => {
  const numbers = new ServerNumbers();
  numbers.add(Array.from({ length: SERVER_NUMBER_MAX + 1 }, (_, index) => `s${index}`));
  assertEquals(numbers.addresses.length, SERVER_NUMBER_MAX);
  assertEquals(arranged(numbers, `s${SERVER_NUMBER_MAX}`), null);
});
