/**
 * What cannot be kept once it is begun waits for its server before that, for so long and no longer.
 *
 * @module
 */
import { BeginningWait } from "../../../src/backend/beginning_wait.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

const WAIT_MS = 10_000;

/** A client that counts how often its request is shown again. */
class Client {
  readonly number = 0;
  readonly profiles = NOBODY.profiles;
  isClosed = false;
  shown = 0;

  parseOn(): void {
    this.shown += 1;
  }
}

function scene(failoverWaitMs = WAIT_MS) {
  const rig = new CoreRig({ backendCount: 2, limits: { failoverWaitMs } });
  const routes = { gone: null as Failure | null, wishes: 0, changes: 0, at: 0 };
  const wait = new BeginningWait(rig.context, {
    connectionFor: (place, _isRead, { number, profiles }) =>
      rig.backends[place === 0 ? routes.at : place]!.connectionFor(number, profiles.master),
    backendAt: (place) => rig.backends[place]!,
    goneReason: () => routes.gone,
    requestsWait: () => routes.wishes += 1,
    beforeResend: () => {},
  }, () => routes.changes += 1);
  return { rig, routes, wait, client: new Client() };
}

Deno.test("it is shown again when its server is connected, and then begun", async () => {
  const { rig, routes, wait, client } = scene();
  using _ = rig;
  assertEquals([wait.mustWaitAt(client, 0), wait.size, rig.metrics.waitedRequests], [true, 1, 1]);
  await rig.refuse(0);
  rig.clock.advance(50);
  assertEquals([client.shown, wait.mustWaitAt(client, 0), routes.wishes], [0, true, 1]);
  rig.clock.advance(600);
  rig.clock.advance(50);
  await rig.accept(0);
  rig.clock.advance(50);
  assertEquals([client.shown, wait.mustWaitAt(client, 0), wait.size], [1, false, 0]);
  assertEquals([routes.changes, rig.metrics.waitedRequests], [2, 1]);
  for (const connection of rig.backends[0]!.connections()) {
    connection.close(failures.shuttingDown);
  }
  await rig.ends();
});

Deno.test("it is begun at whoever has its keys by then", async () => {
  const { rig, routes, wait, client } = scene();
  using _ = rig;
  assertEquals(wait.mustWaitAt(client, 0), true);
  routes.at = 1;
  rig.backends[1]!.connectionFor(0, PROFILES[2].master).open();
  await rig.accept(1);
  rig.clock.advance(50);
  assertEquals([client.shown, wait.mustWaitAt(client, 0)], [1, false]);
  for (const backend of rig.backends) backend.close(failures.shuttingDown);
  await rig.ends();
});

Deno.test("it is begun all the same when its time is over, and the next one has its own", async () => {
  const { rig, wait, client } = scene();
  using _ = rig;
  const refuse = () => rig.refuse(0);
  assertEquals(wait.mustWaitAt(client, 0), true);
  await refuse();
  rig.clock.advance(WAIT_MS);
  rig.clock.advance(50);
  assertEquals([client.shown > 0, wait.mustWaitAt(client, 0), wait.size], [true, false, 0]);
  assertEquals([wait.mustWaitAt(client, 0), rig.metrics.waitedRequests], [true, 2]);
  // Whoever is not shown again is forgotten then.
  rig.clock.advance(2 * WAIT_MS);
  rig.clock.advance(50);
  assertEquals([wait.size, wait.isWatched], [0, false]);
  for (const backend of rig.backends) backend.close(failures.shuttingDown);
  await rig.ends();
});

Deno.test("of a client that leaves nothing waits, and nobody is connected to for it", async () => {
  const { rig, routes, wait, client } = scene();
  using _ = rig;
  assertEquals(wait.mustWaitAt(client, 0), true);
  await rig.refuse(0);
  client.isClosed = true;
  rig.clock.advance(50);
  assertEquals([wait.size, wait.isWatched, routes.changes, client.shown], [0, false, 2, 0]);
  rig.clock.advance(WAIT_MS);
  assertEquals(rig.network.countTo(7000), 1);
  for (const backend of rig.backends) backend.close(failures.shuttingDown);
  await rig.ends();
});

Deno.test("what is for all servers waits for each of them; what nobody will serve does not wait", async () => {
  const { rig, routes, wait, client } = scene();
  using _ = rig;
  assertEquals(wait.mustWaitFor(client, rig.backends), true);
  assertEquals([rig.network.countTo(7000), rig.network.countTo(7001)], [1, 1], "at once");
  await rig.accept(0);
  rig.clock.advance(50);
  assertEquals([client.shown, wait.mustWaitFor(client, rig.backends)], [0, true]);
  await rig.accept(1);
  rig.clock.advance(50);
  assertEquals([client.shown, wait.mustWaitFor(client, rig.backends)], [1, false]);
  for (const backend of rig.backends) backend.close(failures.shuttingDown);
  routes.gone = failures.backendRemoved;
  assertEquals([wait.mustWaitAt(client, 0), wait.mustWaitAt(client, -1)], [false, false]);
  await rig.ends();
});

Deno.test("without failover_wait nothing waits", () => {
  const { rig, wait, client } = scene(0);
  using _ = rig;
  assertEquals([wait.isOn, wait.mustWaitAt(client, 0), wait.size], [false, false, 0]);
});
