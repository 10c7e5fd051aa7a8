/**
 * The ring's servers leave and return; what was not sent to one that leaves is never sent elsewhere.
 *
 * @module
 */
import type { ServerConfig } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { failures } from "../../../src/failure.ts";
import { RingRouter, type RingRouterOptions } from "../../../src/router/ring_router.ts";
import { CoreRig, type RigClient } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

const OPTIONS = {
  hash: "fnv1a_64",
  distribution: "ketama",
  hashTag: null,
  placement: "twemproxy",
  eject: "rehash",
} as const;

const SERVERS: ServerConfig[] = [7000, 7001, 7002].map((port) => ({
  endpoint: tcpEndpoint("h", port),
  weight: 1,
  alias: null,
  address: `h:${port}`,
}));

class Scene implements Disposable {
  readonly rig = new CoreRig({ backendCount: 0 });
  readonly options: RingRouterOptions;
  readonly router: RingRouter;

  constructor(options: Partial<RingRouterOptions> = {}) {
    this.options = { ...OPTIONS, ...options };
    this.router = new RingRouter(SERVERS, this.options, this.rig.context);
  }

  client(): RigClient {
    return this.rig.client({ ...this.rig.sessionContext, router: this.router });
  }

  accept(place: number): Promise<FakeTcpConn> {
    return this.rig.accept(place);
  }

  /** The server of a key, or -1. */
  place(key: string): number {
    const bytes = new TextEncoder().encode(key);
    return this.router.place(bytes, 0, bytes.length);
  }

  /** A key of the server with this number. */
  keyOf(place: number): string {
    for (let index = 0;; index++) if (this.place(`key${index}`) === place) return `key${index}`;
  }

  eject(...addresses: string[]): string[] {
    return this.router.setEjected(new Set(addresses));
  }

  async ends(...clients: RigClient[]): Promise<void> {
    for (const { conn } of clients) await conn.ends();
    for (const backend of this.router.backends()) backend.close(failures.shuttingDown);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

/** The places of a thousand keys. */
function places(scene: Scene): number[] {
  return Array.from({ length: 1000 }, (_, index) => scene.place(`key${index}`));
}

Deno.test("places are the numbers of the servers, each with its backend", () => {
  using scene = new Scene();
  assertEquals(new Set(places(scene)), new Set([0, 1, 2]));
  for (const place of [0, 1, 2]) {
    assertEquals(scene.router.backendAt(place)!.address, `h:${7000 + place}`);
  }
  assertEquals(scene.router.anyPlace() >= 0, true);
});

Deno.test("an ejected server's keys go to the others, theirs stay, and all come back with it", () => {
  using scene = new Scene();
  const before = places(scene);
  assertEquals(scene.eject("h:7001"), ["h:7001"]);
  const without = places(scene);
  assertEquals(new Set(without), new Set([0, 2]));
  const moved = before.filter((place, index) => place !== without[index]);
  assertEquals(new Set(moved), new Set([1]));
  assertEquals(scene.eject(), []);
  assertEquals(places(scene), before);
});

Deno.test('with eject = "fail" no key moves, and requests for an ejected server fail at once', async () => {
  using scene = new Scene({ eject: "fail" });
  const client = scene.client();
  const before = places(scene);
  const { epoch } = scene.router;
  assertEquals(scene.eject("h:7001"), []);
  assertEquals([places(scene), scene.router.epoch], [before, epoch]);
  await client.conn.receives(`get ${scene.keyOf(1)}\n`);
  assertEquals(client.conn.takeWritten(), "-backend_ejected h:7001\n");
  // It holds its keys: requests to all are not answered without it.
  assertEquals(scene.router.shards().length, 3);
  scene.eject();
  await client.conn.receives(`get ${scene.keyOf(1)}\n`);
  const backend = await scene.accept(1);
  await backend.receives("A\n");
  assertEquals(client.conn.takeWritten(), "A\n");
  await scene.ends(client);
});

Deno.test("another eject than before is for those that are ejected already", () => {
  using scene = new Scene();
  scene.eject("h:7001");
  Object.assign(scene.options, { eject: "fail" });
  scene.eject("h:7001");
  const serving = () => scene.router.backends().map(({ isServing }) => isServing);
  const barred = () => scene.router.backends().map(({ barredBy }) => barredBy !== null);
  assertEquals([serving(), barred()], [[true, true, true], [false, true, false]]);
  Object.assign(scene.options, { eject: "rehash" });
  scene.eject("h:7001");
  assertEquals([serving(), barred()], [[true, false, true], [false, false, false]]);
});

Deno.test("each change raises the epoch, and nothing else does", () => {
  using scene = new Scene();
  const epochs = [scene.router.epoch];
  for (const addresses of [[], ["h:7001"], ["h:7001"], ["h:7001", "h:7002"], ["unknown:1"], []]) {
    scene.eject(...addresses);
    epochs.push(scene.router.epoch);
  }
  assertEquals(epochs.map((epoch) => epoch - epochs[0]!), [0, 0, 1, 1, 2, 3, 3]);
});

Deno.test("setEjected() names those that have just left", () => {
  using scene = new Scene();
  assertEquals(scene.eject("h:7000", "h:7001"), ["h:7000", "h:7001"]);
  assertEquals(scene.eject("h:7001", "h:7002"), ["h:7002"]);
  assertEquals(
    scene.router.backends().map((backend) => backend.isServing),
    [true, false, false],
  );
});

Deno.test("with no server left every request fails at once, until one returns", async () => {
  using scene = new Scene();
  const client = scene.client();
  scene.eject("h:7000", "h:7001", "h:7002");
  assertEquals([scene.place("a"), scene.router.anyPlace()], [-1, -1]);
  await client.conn.receives("get a\nmget a b c\nany\nboth a b\n");
  assertEquals(client.conn.takeWritten(), "-no_backend\n".repeat(4));
  scene.eject("h:7000", "h:7001");
  await client.conn.receives("get a\n");
  const backend = await scene.accept(2);
  await backend.receives("A\n");
  assertEquals(client.conn.takeWritten(), "A\n");
  await scene.ends(client);
});

Deno.test("what an ejected server was not sent fails at once; what it was sent is still answered", async () => {
  using scene = new Scene();
  const key = scene.keyOf(1);
  const client = scene.client();
  await client.conn.receives(`get ${key}\n`);
  const backend = await scene.accept(1);
  backend.takesWrites = false;
  await client.conn.receives(`put ${key} sent\n`);
  await client.conn.receives(`put ${key} unsent\n`);
  scene.eject("h:7001");
  await backend.takesAll();
  await backend.receives("A\nok\n");
  assertEquals(client.conn.takeWritten(), "A\nok\n-backend_ejected h:7001\n");
  assertEquals(backend.takeWritten(), `get ${key}\nput ${key} sent\n`);
  assertEquals(scene.rig.network.attempts.length, 1);
  await scene.ends(client);
});

Deno.test("a client's order on a key is kept when its server is ejected and returns", async () => {
  using scene = new Scene();
  const key = scene.keyOf(1);
  const client = scene.client();
  await client.conn.receives(`put ${key} 1\n`);
  const first = await scene.accept(1);
  scene.eject("h:7001");
  const other = scene.place(key);
  await client.conn.receives(`put ${key} 2\n`);
  assertEquals(scene.rig.network.attempts.length, 1);
  await first.receives("ok\n");
  const second = await scene.accept(other);
  assertEquals(second.takeWritten(), `put ${key} 2\n`);
  scene.eject();
  await client.conn.receives(`put ${key} 3\n`);
  await second.receives("ok\n");
  assertEquals(first.takeWritten(), `put ${key} 1\nput ${key} 3\n`);
  await first.receives("ok\n");
  assertEquals(client.conn.takeWritten(), "ok\nok\nok\n");
  await scene.ends(client);
});

Deno.test("an error reply is always the client's", () => {
  using scene = new Scene();
  const bytes = new TextEncoder().encode("-MOVED 1 h:1\r\n");
  const exchange = scene.rig.requests.takeExchange();
  assertEquals(scene.router.onErrorReply(exchange, bytes, 0, bytes.length), false);
});

const OTHER: ServerConfig = {
  endpoint: tcpEndpoint("h", 7003),
  weight: 1,
  alias: null,
  address: "h:7003",
};

Deno.test("servers keep their numbers and connections when others come and leave", async () => {
  using scene = new Scene();
  const { router } = scene;
  const client = scene.client();
  const [a, c] = [scene.keyOf(0), scene.keyOf(2)];
  await client.conn.receives(`get ${a}\nget ${c}\n`);
  const first = await scene.accept(0);
  const third = await scene.accept(2);
  const before = [0, 1, 2].map((place) => router.backendAt(place));
  const epoch = router.epoch;
  const numbered = [OTHER, SERVERS[2]!, SERVERS[0]!].map((server, index) => ({
    ...server,
    number: [4, 3, 1][index]!,
  }));
  const left = router.setServers(numbered);
  assertEquals(left.map(({ address }) => address), ["h:7001"]);
  assertEquals(router.epoch, epoch + 1);
  assertEquals(router.backendAt(0), before[0]);
  assertEquals(router.backendAt(1), null);
  assertEquals(router.backendAt(2), before[2]);
  assertEquals(router.backendAt(3)!.address, "h:7003");
  assertEquals(new Set(places(scene)), new Set([0, 2, 3]));
  assertEquals(router.numberedShards()!.map((shard) => shard?.address ?? null), [
    ...[null, "h:7000", null, "h:7002", "h:7003"],
  ]);
  // What was in flight is answered; the client is parsed on behind it.
  await client.conn.receives(`get ${scene.keyOf(3)}\n`);
  await first.receives("A\n");
  await third.receives("C\n");
  assertEquals(client.conn.takeWritten(), "A\nC\n");
  const fourth = await scene.accept(3);
  await fourth.receives("D\n");
  assertEquals(client.conn.takeWritten(), "D\n");
  for (const backend of left) backend.close(failures.shuttingDown);
  await scene.ends(client);
});

Deno.test("keys of a new list are where a ring of that list has them", () => {
  using scene = new Scene();
  using other = new Scene();
  const list = [OTHER, SERVERS[1]!, SERVERS[0]!];
  scene.router.setServers(list);
  const fresh = new RingRouter(list, OPTIONS, other.rig.context);
  for (let index = 0; index < 1000; index++) {
    const bytes = new TextEncoder().encode(`key${index}`);
    const there = fresh.backendAt(fresh.place(bytes, 0, bytes.length))!;
    const here = scene.router.backendAt(scene.place(`key${index}`))!;
    assertEquals(here.address, there.address);
  }
});

Deno.test("a server that moved under its alias keeps its keys and is another backend", () => {
  using scene = new Scene();
  const named = (port: number): ServerConfig => ({
    ...{ endpoint: tcpEndpoint("h", port), weight: 1, alias: "one", address: `h:${port}` },
  });
  const { router } = scene;
  router.setServers([named(1), { ...SERVERS[1]!, alias: "two" }]);
  const before = places(scene).map((place) => router.backendAt(place)!.address);
  const left = router.setServers([named(2), { ...SERVERS[1]!, alias: "two" }]);
  assertEquals(left.map(({ address }) => address), ["h:1"]);
  const after = places(scene).map((place) => router.backendAt(place)!.address);
  assertEquals(after, before.map((address) => address === "h:1" ? "h:2" : address));
});

Deno.test("takeUpOrders() takes servers out by hand, and counts their other weights", () => {
  using scene = new Scene();
  const { orders } = scene.rig.context;
  const [first] = scene.router.backends();
  const epoch = scene.router.epoch;
  orders.set(first!.name, { state: "drain", weight: null });
  scene.router.takeUpOrders(new Set());
  assertEquals([first!.isServing, scene.router.epoch > epoch], [false, true]);
  assertEquals(scene.router.shards().includes(first!), false);
  // Pings that succeed do not bring it back.
  scene.router.setEjected(new Set());
  assertEquals(first!.isServing, false);
  orders.set(first!.name, { state: "ready", weight: 9 });
  scene.router.takeUpOrders(new Set());
  assertEquals(first!.isServing, true);
});

Deno.test("who waits for a server waits for it at its new address, by its alias", async () => {
  const rig = new CoreRig({
    backendCount: 0,
    retainsRequests: true,
    limits: { failoverWaitMs: 10_000 },
  });
  const named = (port: number): ServerConfig => ({
    ...{ endpoint: tcpEndpoint("h", port), weight: 1, alias: "one", address: `h:${port}` },
  });
  const router = new RingRouter([named(7000)], OPTIONS, rig.context);
  rig.takeUnsent = (exchange, failure) => router.takeUnsent(exchange, failure);
  const client = rig.client({ ...rig.sessionContext, router });
  await client.conn.receives("put a 1\n");
  await rig.refuse(0);
  // Twice, as the first was a mistake, say.
  router.setServers([named(7001)]);
  router.setServers([named(7002)]);
  assertEquals(router.waitingClients, 1);
  rig.clock.advance(501);
  const conn = await rig.accept(2);
  rig.clock.advance(1);
  await turn();
  assertEquals(conn.written, "put a 1\n");
  await conn.receives("ok\n");
  assertEquals(client.conn.takeWritten(), "ok\n");
  await client.conn.receives("put a 2\n");
  await conn.ends();
  assertEquals(client.conn.takeWritten(), "-backend_closed h:7002\n");
  await client.conn.receives("put a 3\n");
  await rig.refuse(2);
  router.setServers([{ ...named(7003), alias: "other" }]);
  rig.clock.advance(1);
  await turn();
  assertEquals(client.conn.takeWritten(), "-backend_removed h:7002\n");
  router.close();
  await client.conn.ends();
  for (const backend of router.backends()) backend.close(failures.shuttingDown);
  await rig.ends();
});

Deno.test("who waits for a server that leaves the ring waits no longer", async () => {
  const rig = new CoreRig({
    backendCount: 0,
    retainsRequests: true,
    limits: { failoverWaitMs: 10_000 },
  });
  const router = new RingRouter(SERVERS, OPTIONS, rig.context);
  rig.takeUnsent = (exchange, failure) => router.takeUnsent(exchange, failure);
  const client = rig.client({ ...rig.sessionContext, router });
  const bytes = new TextEncoder().encode("a");
  const place = router.place(bytes, 0, 1);
  await client.conn.receives("put a 1\n");
  await rig.refuse(place);
  assertEquals(client.conn.takeWritten(), "");
  router.setEjected(new Set([`h:${7000 + place}`]));
  rig.clock.advance(1);
  await turn();
  assertEquals(client.conn.takeWritten(), `-backend_ejected h:${7000 + place}\n`);
  router.close();
  await client.conn.ends();
  for (const backend of router.backends()) backend.close(failures.shuttingDown);
  await rig.ends();
});

Deno.test("the place of a server that left is never another's, however many come and go", () => {
  using scene = new Scene();
  const { router } = scene;
  const others = (index: number): ServerConfig => ({
    ...OTHER,
    endpoint: tcpEndpoint("h", 10_000 + index),
    address: `h:${10_000 + index}`,
  });
  router.setServers([SERVERS[0]!, others(0)]);
  const former = scene.place(scene.keyOf(3));
  for (let index = 1; index <= 1_100; index++) router.setServers([SERVERS[0]!, others(index)]);
  assertEquals([former, router.backendAt(former)], [3, null]);
  assertEquals(router.backendAt(3 + 1_100)!.address, "h:11100");
  // Places are not numbers.
  assertEquals(router.numberedShards()!.length, 3);
});

Deno.test("servers without a number, or too many of them, cannot be scanned", () => {
  using scene = new Scene();
  const { router } = scene;
  router.setServers([{ ...OTHER, number: null }]);
  assertEquals(router.numberedShards(), null);
  router.setServers([{ ...OTHER, number: 1_024 }]);
  assertEquals(router.numberedShards(), null);
  router.setServers([{ ...OTHER, number: 1_023 }]);
  assertEquals(router.numberedShards()!.at(-1)!.address, OTHER.address);
});
