import {
  ClientRoom,
  createClientMemory,
  LEARNED_RESERVE,
} from "../../../src/observe/client_room.ts";
import { assertEquals } from "../../deps.ts";

function rooms(count: number): ClientRoom[] {
  const memory = createClientMemory(count);
  return Array.from({ length: count }, (_, number) => new ClientRoom(memory, number));
}

Deno.test("while no limit is known there is room for everybody", () => {
  const [room] = rooms(1);
  for (let count = 0; count < 1000; count++) room!.entered();
  assertEquals([room!.isOpen, room!.clientCount, room!.clientsMax], [true, 1000, 0]);
});

Deno.test("all workers' clients count against one limit", () => {
  const [one, other] = rooms(2);
  one!.clientsMax = 3;
  one!.entered();
  one!.entered();
  assertEquals([one!.isOpen, other!.isOpen, other!.clientsMax], [true, true, 3]);
  other!.entered();
  assertEquals([one!.isOpen, other!.isOpen, one!.clientCount], [false, false, 3]);
  one!.left();
  assertEquals([one!.isOpen, other!.isOpen], [true, true]);
});

Deno.test("a worker that has ended has no clients, whatever it counted", () => {
  const [one, other] = rooms(2);
  one!.clientsMax = 3;
  for (let count = 0; count < 3; count++) one!.entered();
  one!.clear();
  assertEquals([one!.clientCount, other!.isOpen], [0, true]);
});

Deno.test("a limit that nobody knew is learnt when descriptors run out, and one that is known stays", () => {
  const [room] = rooms(1);
  for (let count = 0; count < 50; count++) room!.entered();
  room!.ranOut();
  assertEquals([room!.clientsMax, room!.isOpen], [50 - LEARNED_RESERVE, false]);
  room!.ranOut();
  for (let count = 0; count < LEARNED_RESERVE; count++) room!.left();
  assertEquals([room!.clientsMax, room!.isOpen], [50 - LEARNED_RESERVE, false]);
  room!.left();
  assertEquals(room!.isOpen, true);
  const [few] = rooms(1);
  few!.ranOut();
  assertEquals([few!.clientsMax, few!.isOpen], [1, true]);
});

Deno.test("busy clients are counted by themselves, over all workers", () => {
  const [one, other] = rooms(2);
  one!.changeBusy(2);
  other!.changeBusy(3);
  other!.entered();
  one!.changeBusy(-1);
  assertEquals([one!.busyCount, one!.clientCount], [4, 1]);
  other!.clear();
  assertEquals([one!.busyCount, one!.clientCount], [1, 0]);
});
