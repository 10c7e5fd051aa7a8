import { ClientLines } from "../../../../src/redis/client/client_line.ts";
import { ClientListing, type Line } from "../../../../src/redis/client/client_listing.ts";
import { ClientMarks } from "../../../../src/redis/client/client_marks.ts";
import { EVERY_CLIENT } from "../../../../src/redis/client/client_filter.ts";
import { Login } from "../../../../src/redis/login/mod.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { redisContext } from "../../../support/rigs/redis_context.ts";
import { assert, assertEquals } from "../../../deps.ts";

function listingOf(rig: CoreRig, clientCount: number) {
  const clients = new Set(Array.from({ length: clientCount }, () => new LocalRigClient()));
  const context = redisContext(rig, { clients: () => clients });
  const describer = new ClientLines(context, new ClientMarks(), new Login(context));
  return { clients, listing: new ClientListing(describer, clients, EVERY_CLIENT) };
}

Deno.test("few clients are listed at once", () => {
  using rig = new CoreRig();
  const { listing } = listingOf(rig, 3);
  let heard: Line[] = [];
  listing.whenOver((lines) => heard = lines);
  assertEquals([listing.isOver, heard.length], [true, 3]);
});

Deno.test("many are listed some at a time; who leaves meanwhile is left out", () => {
  using rig = new CoreRig();
  const { clients, listing } = listingOf(rig, 1_000);
  const heard: number[] = [];
  listing.whenOver((lines) => heard.push(lines.length));
  assert(!listing.isOver && listing.lines.length < 100, `${listing.lines.length} at once`);
  clients.delete([...clients].at(-1)!);
  let works = 0;
  for (; !listing.isOver; works++) {
    const before = listing.lines.length;
    listing.work(100);
    assert(listing.lines.length - before <= 10);
  }
  assertEquals([works > 50, heard], [true, [999]]);
});

Deno.test("whoever is done says so by having done less than it might", () => {
  using rig = new CoreRig();
  const { listing } = listingOf(rig, 65);
  assertEquals([listing.isOver, listing.work(10), listing.isOver], [false, 10, false]);
  assert(listing.work(10) < 10);
  assertEquals(listing.isOver, true);
});
