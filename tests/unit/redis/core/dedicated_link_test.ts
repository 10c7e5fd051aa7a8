/**
 * A link: to the backend of its place or another, bounded in number, given back or closed.
 *
 * @module
 */
import { DedicatedLink } from "../../../../src/redis/core/dedicated_link.ts";
import { Refused } from "../../../../src/redis/core/refused.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { redisContext } from "../../../support/rigs/redis_context.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function linked(link: DedicatedLink | Refused): DedicatedLink {
  if (link instanceof Refused) throw new Error(textOf(link.reply));
  return link;
}

function open(rig: CoreRig, place: number, lost: () => void = () => {}) {
  const context = redisContext(rig);
  const client = new LocalRigClient();
  const link = DedicatedLink.open(context, client, { place, lost });
  return { context, client, link };
}

Deno.test("it leads to the backend of the place, or to the one that is named", async () => {
  using rig = new CoreRig();
  const { context, client, ...opened } = open(rig, 1);
  const link = linked(opened.link);
  assertEquals([link.place, link.backend.address], [1, "10.0.0.1:7001"]);
  const backend = rig.backends[0]!;
  const other = linked(
    DedicatedLink.open(context, client, { place: 1, lost: () => {}, backend }),
  );
  assertEquals([other.place, other.backend.address], [1, "10.0.0.1:7000"]);
  for (const one of [link, other]) one.close();
  assertEquals(context.dedicated.takenCount, 0);
  await rig.ends();
});

Deno.test("without a backend, or with none left to take, the error says so", () => {
  using rig = new CoreRig();
  const { context, client, link } = open(rig, -1);
  assertMatch(textOf((link as Refused).reply), /^-ERR no backend/);
  for (let count = 0; count < 4; count++) {
    DedicatedLink.open(context, client, { place: 0, lost: () => {} });
  }
  const more = DedicatedLink.open(context, client, { place: 0, lost: () => {} });
  assertMatch(textOf((more as Refused).reply), /raise dedicated_connections/);
});

Deno.test("its calls hear their replies, a loss is heard once", async () => {
  using rig = new CoreRig();
  let lostCount = 0;
  const { context, ...opened } = open(rig, 0, () => lostCount += 1);
  const link = linked(opened.link);
  const heard: string[] = [];
  const listener = {
    replied: ({ bytes, start, end }: { bytes: Uint8Array; start: number; end: number }) => {
      heard.push(textOf(bytes.subarray(start, end)));
    },
    failed: ({ name }: { name: string }) => {
      heard.push(name);
    },
  };
  const request = new TextEncoder().encode("noise get a\n");
  link.send(request, listener, { start: 6 });
  const conn = await rig.accept(0);
  await turn();
  assertEquals(conn.written, "get a\n");
  await conn.receives("A\n");
  link.send(request, listener, { start: 6 });
  await conn.ends();
  assertEquals([heard, lostCount], [["A\n", "backend_closed"], 1]);
  link.close();
  assertEquals([lostCount, context.dedicated.takenCount], [1, 0]);
  await rig.ends();
});
