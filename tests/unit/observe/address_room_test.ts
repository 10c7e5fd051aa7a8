/**
 * Clients by address, counted by several workers.
 *
 * @module
 */
import {
  ADDRESS_ENTRIES,
  AddressRoom,
  createAddressMemory,
} from "../../../src/observe/address_room.ts";
import { assert, assertEquals } from "../../deps.ts";

function rooms(count: number): AddressRoom[] {
  const memory = createAddressMemory();
  return Array.from({ length: count }, (_, number) => new AddressRoom(memory, number));
}

Deno.test("each address has the clients that any worker has of it", () => {
  const [one, other] = rooms(2) as [AddressRoom, AddressRoom];
  const [home, away] = [0xffff_7f00_0001n, 0x2001_0db8_0000_0001n];
  for (let count = 0; count < 3; count++) assert(one.entered(home));
  other.entered(home);
  other.entered(away);
  assertEquals([one.countOf(home), other.countOf(home), one.countOf(away)], [4, 4, 1]);
  one.left(home);
  other.left(home);
  assertEquals([one.countOf(home), one.countOf(away)], [2, 1]);
  // Nobody counts below zero, or for another.
  other.left(home);
  assertEquals(one.countOf(home), 2);
});

Deno.test("a worker that has ended has no clients, whatever it counted", () => {
  const [one, other] = rooms(2) as [AddressRoom, AddressRoom];
  one.entered(1n);
  one.entered(2n);
  other.entered(1n);
  one.clear();
  assertEquals([other.countOf(1n), other.countOf(2n)], [1, 0]);
});

Deno.test("what thousands of addresses left is used again, and with more than fit none is miscounted", () => {
  const [room] = rooms(1) as [AddressRoom];
  for (let round = 0n; round < 4n; round++) {
    for (let key = 1n; key < 30_000n; key++) assert(room.entered((round << 32n) | key));
    for (let key = 1n; key < 30_000n; key++) room.left((round << 32n) | key);
  }
  let counted = 0;
  for (let key = 1n; key <= BigInt(2 * ADDRESS_ENTRIES); key++) if (room.entered(key)) counted++;
  assert(counted > ADDRESS_ENTRIES * 0.95 && counted <= ADDRESS_ENTRIES, `${counted}`);
  for (let key = 1n; key <= BigInt(2 * ADDRESS_ENTRIES); key += 997n) {
    assert(room.countOf(key) <= 1);
  }
});
