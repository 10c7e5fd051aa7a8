import { AddressRoom } from "../../../src/observe/address_room.ts";
import { ClientRoom } from "../../../src/observe/client_room.ts";
import { createClusterMemories, forgetWorker } from "../../../src/observe/cluster_memory.ts";
import { assert, assertEquals } from "../../deps.ts";

const plain = { name: "plain", maxClientsPerAddress: 0, users: [], rateLimit: null };
const rate = { perSecond: 1, burst: 1 };

Deno.test("a cluster has the memories that its limits need, and a reload keeps what there is", () => {
  const before = createClusterMemories([
    plain,
    { ...plain, name: "addresses", maxClientsPerAddress: 1 },
    { ...plain, name: "alone", users: [], rateLimit: { ...rate, per: "client" } },
    { ...plain, name: "together", users: [], rateLimit: { ...rate, per: "user" } },
  ], 2);
  const kinds = [...before.values()].map(({ addresses, rates }) => [!!addresses, !!rates]);
  assertEquals(kinds, [[false, false], [true, false], [false, false], [false, true]]);
  const after = createClusterMemories(
    [
      { ...plain, maxClientsPerAddress: 5 },
      { ...plain, name: "addresses" },
    ],
    2,
    before,
  );
  assert(after.get("plain")!.clients === before.get("plain")!.clients);
  assert(after.get("plain")!.addresses !== null);
  assert(after.get("addresses")!.addresses === before.get("addresses")!.addresses);
  assertEquals(after.size, 2);
});

Deno.test("a worker that has ended is forgotten everywhere", () => {
  const memory = createClusterMemories([{ ...plain, maxClientsPerAddress: 1 }], 2).get("plain")!;
  new ClientRoom(memory.clients, 1).entered();
  new AddressRoom(memory.addresses!, 1).entered(5n);
  forgetWorker(memory, 1);
  assertEquals(new ClientRoom(memory.clients, 0).clientCount, 0);
  assertEquals(new AddressRoom(memory.addresses!, 0).countOf(5n), 0);
});
