/**
 * Clients that come and go, also while somebody goes through them.
 *
 * @module
 */
import { type Listed, MemberList, NOT_LISTED } from "../../src/member_list.ts";
import { assert, assertEquals } from "../deps.ts";
import { collectGarbage, lastingBytes } from "../support/tools/collect_garbage.ts";

class Client implements Listed {
  listedAt = NOT_LISTED;
  readonly name: string;
  /** What belongs to a client. */
  readonly parts: number[] = new Array<number>(500).fill(0.5);

  constructor(name: string) {
    this.name = name;
  }
}

function listOf(names: string): { list: MemberList<Client>; clients: Map<string, Client> } {
  const list = new MemberList<Client>();
  const clients = new Map([...names].map((name) => [name, new Client(name)]));
  for (const client of clients.values()) list.add(client);
  return { list, clients };
}

function namesIn(list: Iterable<Client>): string {
  return [...list].map(({ name }) => name).sort().join("");
}

Deno.test("a list has those that came and have not left, and a client leaves once", () => {
  const { list, clients } = listOf("abc");
  assertEquals([list.size, namesIn(list)], [3, "abc"]);
  assertEquals(list.delete(clients.get("b")!), true);
  assertEquals(list.delete(clients.get("b")!), false);
  assertEquals([list.size, namesIn(list)], [2, "ac"]);
  list.add(new Client("d"));
  list.add(new Client("e"));
  assertEquals([list.size, namesIn(list)], [4, "acde"]);
  assertEquals(list.delete(new Client("f")), false);
  for (const client of [...list]) list.delete(client);
  assertEquals([list.size, namesIn(list)], [0, ""]);
  list.add(clients.get("b")!);
  assertEquals([list.size, namesIn(list)], [1, "b"]);
});

Deno.test("who goes through a list meets everybody that stays, and nobody that has left", () => {
  const { list, clients } = listOf("abcdef");
  const met: string[] = [];
  for (const client of list) {
    met.push(client.name);
    // Itself, one that was met and one that was not.
    if (client.name === "c") { for (const name of "cae") list.delete(clients.get(name)!); }
  }
  assertEquals(met.join(""), "abcdf");
  const all = list[Symbol.iterator]();
  all.next();
  for (const client of [...list]) list.delete(client);
  assertEquals(all.next().done, true);
});

/** Clients at a time. */
const PRESENT = 64;
/** Clients that come and go. */
const COMING = 20_000;
/** Clients that come between two looks. */
const COMING_AT_ONCE = 500;
/** How many of those that came and went may be there at a time, in what V8 takes to last. */
const LASTING_MAX = COMING / 10;

Deno.test("a list that lasts does not make those last that have left it", () => {
  const list = new MemberList<Client>();
  const present: Client[] = [];
  const come = () => {
    const client = new Client("");
    list.add(client);
    present.push(client);
    if (present.length > PRESENT) list.delete(present.shift()!);
  };
  for (let index = 0; index < PRESENT; index++) come();
  collectGarbage();
  const before = lastingBytes();
  const clientBytes = present[0]!.parts.length * Float64Array.BYTES_PER_ELEMENT;
  let mostBytes = 0;
  for (let index = 0; index < COMING; index++) {
    come();
    if (index % COMING_AT_ONCE === 0) mostBytes = Math.max(mostBytes, lastingBytes() - before);
  }
  const most = Math.round(mostBytes / clientBytes);
  assert(most < LASTING_MAX, `${most} clients of ${COMING} that came and went lasted`);
});
