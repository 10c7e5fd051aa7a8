/**
 * Learning the slot map from whichever node knows it.
 *
 * @module
 */
import {
  ASKED_AT_ONCE_MAX,
  ASKED_MAX,
  SlotFetch,
  STAGGER_MS,
} from "../../../src/cluster/slot_fetch.ts";
import { SlotLedger } from "../../../src/cluster/slot_ledger.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../support/tools/poll.ts";
import { slotDialect } from "../../support/clients/slot_dialect.ts";
import { assertEquals } from "../../deps.ts";

const WHOLE = "0-16383=h:7000,h:7001\n";

class Scene implements Disposable {
  readonly rig = new CoreRig({
    backendCount: 0,
    retainsRequests: true,
    limits: { dialTimeoutMs: 60_000 },
  });
  /** Ranges and who gave them, or the reasons of a failure. */
  readonly heard: unknown[] = [];
  /** Nodes that answered with something else than a map. */
  readonly passedOver: string[] = [];
  readonly ledger = new SlotLedger();
  readonly fetch: SlotFetch;

  constructor(...nodes: string[]) {
    this.fetch = new SlotFetch(nodes, slotDialect, this.rig.context, {
      judge: (views, isLast) => this.ledger.judge(views, isLast),
      fetched: ({ ranges }, _views, from) => this.heard.push([from, ranges]),
      fetchFailed: (reasons) => this.heard.push([...reasons]),
      passedOver: (address, answer) => this.passedOver.push(`${address} ${answer}`),
    });
    this.fetch.start();
  }

  accept(port: number): Promise<FakeTcpConn> {
    return this.rig.accept(port - 7000);
  }

  ports(): number[] {
    return this.rig.network.attempts.map(({ port }) => port);
  }

  async ends(): Promise<void> {
    this.fetch.stop();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.fetch.stop();
    this.rig[Symbol.dispose]();
  }
}

Deno.test("the first node with a whole map is believed, and its connection closed", async () => {
  using scene = new Scene("h:7000", "h:7001");
  const conn = await scene.accept(7000);
  assertEquals(conn.takeWritten(), "slots\n");
  await conn.receives(WHOLE);
  assertEquals(scene.heard, [
    ["h:7000", [{ first: 0, last: 16383, master: "h:7000", replicas: ["h:7001"] }]],
  ]);
  assertEquals([conn.isClosed, scene.ports()], [true, [7000]]);
  await scene.ends();
});

Deno.test("a node that refuses, errs, or knows nothing is passed over at once", async () => {
  using scene = new Scene("h:7000", "h:7001", "nowhere", "h:7002", "h:7003");
  await scene.rig.refuse(0);
  const erring = await scene.accept(7001);
  await erring.receives("-no cluster\n");
  const empty = await scene.accept(7002);
  await empty.receives("\n");
  const knowing = await scene.accept(7003);
  await knowing.receives(WHOLE);
  assertEquals((scene.heard[0] as unknown[])[0], "h:7003");
  assertEquals([erring.isClosed, empty.isClosed], [true, true]);
  assertEquals(scene.passedOver, ['h:7001 "-no cluster"']);
  await scene.ends();
});

Deno.test("when no node answers the reasons are told, once", async () => {
  using scene = new Scene("h:7000", "nowhere", "h:7001");
  await scene.rig.refuse(0);
  const erring = await scene.accept(7001);
  await erring.receives("-no cluster\n");
  assertEquals(scene.heard, [[
    "h:7000: connection refused",
    "nowhere: no usable address",
    'h:7001: answered "-no cluster"',
  ]]);
  await scene.ends();
});

Deno.test("without nodes the fetch fails at once", () => {
  using scene = new Scene();
  assertEquals(scene.heard, [[]]);
});

Deno.test("a node that hangs gets company, and whoever answers first counts", async () => {
  using scene = new Scene("h:7000", "h:7001");
  const hanging = await scene.accept(7000);
  await until(() => scene.ports().length === 2, { what: `company after ${STAGGER_MS} ms` });
  const second = await scene.accept(7001);
  await second.receives(WHOLE);
  assertEquals((scene.heard[0] as unknown[])[0], "h:7001");
  assertEquals(hanging.isClosed, true);
  await hanging.receives(WHOLE);
  assertEquals(scene.heard.length, 1);
  await scene.ends();
});

Deno.test("no more nodes are asked at once than the limit", async () => {
  using scene = new Scene(...[0, 1, 2, 3, 4, 5].map((index) => `h:${7000 + index}`));
  assertEquals(ASKED_AT_ONCE_MAX, 4);
  for (let port = 7000; port < 7004; port++) {
    await until(() => scene.ports().includes(port), { what: `${port} is asked` });
  }
  await new Promise((resolve) => setTimeout(resolve, STAGGER_MS + 50));
  assertEquals(scene.ports().length, 4);
  await scene.rig.refuse(2);
  assertEquals(scene.ports(), [7000, 7001, 7002, 7003, 7004]);
  await scene.ends();
});

Deno.test("no more nodes are asked in all than the limit", async () => {
  using scene = new Scene(
    ...Array.from({ length: ASKED_MAX + 5 }, (_, index) => `h:${7000 + index}`),
  );
  for (let index = 0; index < ASKED_MAX; index++) {
    await until(() => scene.ports().length > index, { what: `node ${index} is asked` });
    await scene.rig.refuse(index);
  }
  assertEquals([scene.heard.length, scene.ports().length], [1, ASKED_MAX]);
  await scene.ends();
});

Deno.test("maps with gaps are put together, of three nodes at the most", async () => {
  using scene = new Scene("h:7000", "h:7001", "h:7002", "h:7003");
  await (await scene.accept(7000)).receives("0-99=h:7000\n");
  await (await scene.accept(7001)).receives("100-8000=h:7001\n");
  await (await scene.accept(7002)).receives("0-5=h:7002\n");
  assertEquals(scene.heard, [
    ["h:7002", [
      { first: 0, last: 99, master: "h:7000", replicas: [] },
      { first: 100, last: 8000, master: "h:7001", replicas: [] },
    ]],
  ]);
  assertEquals(scene.ports().length, 3);
  await scene.ends();
});

Deno.test("a node whose word is not enough has others asked, first those that only it knows", async () => {
  using scene = new Scene("h:7000", "h:7001");
  scene.ledger.follow([{ first: 0, last: 16_383, master: "h:7001", replicas: [], epoch: 5 }]);
  await (await scene.accept(7000)).receives("0-16383=h:7005@5\n");
  await (await scene.accept(7005)).receives("0-16383=h:7005@5\n");
  assertEquals(scene.heard, [
    ["h:7005", [{ first: 0, last: 16_383, master: "h:7005", replicas: [], epoch: 5 }]],
  ]);
  assertEquals(scene.ports(), [7000, 7005]);
  await scene.ends();
});

Deno.test("a node that goes by two names has one word", async () => {
  using scene = new Scene("h:7000", "h:7001", "h:7002");
  scene.ledger.follow([{ first: 0, last: 16_383, master: "h:7005", replicas: [], epoch: 5 }]);
  const stale = "~A 0-16383=h:7001@5\n";
  await (await scene.accept(7000)).receives(stale);
  await (await scene.accept(7001)).receives(stale);
  assertEquals(scene.heard, []);
  await (await scene.accept(7002)).receives("~B 0-16383=h:7005@5\n");
  assertEquals((scene.heard[0] as unknown[])[0], "h:7002");
  await scene.ends();
});

Deno.test("a map with gaps is better than none", async () => {
  using scene = new Scene("h:7000", "h:7001");
  await (await scene.accept(7000)).receives("0-99=h:7000\n");
  await scene.rig.refuse(1);
  assertEquals((scene.heard[0] as unknown[])[0], "h:7000");
  await scene.ends();
});

Deno.test("an answer that never comes, or is endless, is a failure of that node", async () => {
  using scene = new Scene("h:7000", "h:7001");
  const silent = await scene.accept(7000);
  scene.rig.clock.advance(2001);
  await turn();
  const endless = await scene.accept(7001);
  await endless.receives(`$${64 * 1024 * 1024}\n`);
  assertEquals(scene.heard, [["h:7000: no reply in time", "h:7001: answer is too long"]]);
  assertEquals([silent.isClosed, endless.isClosed], [true, true]);
  await scene.ends();
});

Deno.test("a stopped fetch says nothing", async () => {
  using scene = new Scene("h:7000");
  const conn = await scene.accept(7000);
  scene.fetch.stop();
  await conn.receives(WHOLE);
  assertEquals([scene.heard, conn.isClosed], [[], true]);
  await scene.ends();
});

Deno.test("failed questions leave no trace in the cluster's log or its backends", async () => {
  using scene = new Scene("h:7000");
  await scene.rig.refuse(0);
  assertEquals([scene.rig.records, scene.rig.unreachable], [[], []]);
  await scene.ends();
});
