/**
 * Clients of one address: who may come, and what a reload changes.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { AddressLimit } from "../../../src/cluster/address_limit.ts";
import { AddressRoom, createAddressMemory } from "../../../src/observe/address_room.ts";
import { addressKey } from "../../../src/net/ip_address.ts";
import { assertEquals } from "../../deps.ts";

function scene(maxClientsPerAddress: number) {
  const memory = { addresses: createAddressMemory() as SharedArrayBuffer | null };
  const config = { maxClientsPerAddress };
  const limit = new AddressLimit({ config, memory, workerNumber: 0 });
  const otherWorker = new AddressRoom(memory.addresses!, 1);
  return { limit, config, memory, otherWorker };
}

const peerOf = (host: string, port = 1) => tcpEndpoint(host, port);
const clientOf = (address: string) => {
  const [host, port] = address.split(":");
  return { peer: peerOf(host!, Number(port)) };
};

Deno.test("an address has as many clients as it may, over all workers, and others have theirs", () => {
  const { limit, otherWorker } = scene(3);
  otherWorker.entered(addressKey(peerOf("10.0.0.1")));
  const clients = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"].map(clientOf);
  assertEquals(clients.map((client) => limit.admits(client)), [true, true, false]);
  assertEquals(limit.admits(clientOf("10.0.0.2:1")), true);
  // One that was refused holds no place, and is not let go twice.
  limit.left(clients[2]!);
  assertEquals(limit.admits(clientOf("10.0.0.1:4")), false);
  limit.left(clients[0]!);
  assertEquals(limit.admits(clientOf("10.0.0.1:5")), true);
});

Deno.test("a limit that comes later counts who is there already, and closes nobody", () => {
  const { limit, config, otherWorker } = scene(0);
  const there = ["10.0.0.1:1", "10.0.0.1:2"].map(clientOf);
  for (const client of there) assertEquals(limit.admits(client), true);
  assertEquals(otherWorker.countOf(addressKey(peerOf("10.0.0.1"))), 0);
  config.maxClientsPerAddress = 2;
  limit.reconfigure(there);
  limit.reconfigure(there);
  assertEquals(otherWorker.countOf(addressKey(peerOf("10.0.0.1"))), 2);
  assertEquals(limit.admits(clientOf("10.0.0.1:3")), false);
  config.maxClientsPerAddress = 0;
  limit.reconfigure(there);
  assertEquals(limit.admits(clientOf("10.0.0.1:3")), true);
  for (const client of there) limit.left(client);
  assertEquals(otherWorker.countOf(addressKey(peerOf("10.0.0.1"))), 0);
});
