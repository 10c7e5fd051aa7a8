/**
 * Who is closed for asking nothing, and when.
 *
 * @module
 */
import { CLOSED_AT_ONCE_MAX, IdleClients } from "../../../src/cluster/idle_clients.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { assertEquals } from "../../deps.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";

class Client {
  isIdle = true;
  lastRequestAtMs: number;
  readonly clients: Set<Client>;

  constructor(clients: Set<Client>, clock: ManualClock) {
    this.clients = clients;
    this.lastRequestAtMs = clock.realMs;
    clients.add(this);
  }

  close(failure: Failure): void {
    assertEquals(failure, failures.clientIdle);
    this.clients.delete(this);
  }
}

function scene(clientIdleTimeoutMs: number, count: number) {
  const clock = new ManualClock();
  const set = new Set<Client>();
  const clients = Array.from({ length: count }, () => new Client(set, clock));
  const config = { clientIdleTimeoutMs };
  const waiting = new Set<Client>();
  const idle = new IdleClients({ clock, config, clients: set, waits: (one) => waiting.has(one) });
  idle.look();
  return { clock, set, clients, config, waiting, idle };
}

Deno.test("the idle are closed; who asks, is owed something or waits is not", () => {
  const { clients, clock, set, waiting } = scene(60_000, 4);
  const [idle, asking, owed, blocked] = clients as [Client, Client, Client, Client];
  owed.isIdle = false;
  waiting.add(blocked);
  clock.advance(59_000);
  assertEquals(set.size, 4);
  asking.lastRequestAtMs = clock.realMs;
  clock.advance(1_000);
  assertEquals([set.has(idle), set.has(asking), set.has(owed), set.has(blocked)], [
    false,
    true,
    true,
    true,
  ]);
});

Deno.test("time in which the process stood still does not count", () => {
  const { clock, set } = scene(60_000, 1);
  clock.advance(1_000);
  clock.standStill(600_000);
  clock.advance(1_000);
  clock.advance(58_000);
  assertEquals(set.size, 1);
  clock.advance(2_000);
  assertEquals(set.size, 0);
});

Deno.test("thousands are closed in several ticks", () => {
  const { clock, set } = scene(1_000, 3 * CLOSED_AT_ONCE_MAX);
  clock.advance(2_000);
  assertEquals(set.size, 2 * CLOSED_AT_ONCE_MAX);
  clock.advance(50);
  clock.advance(50);
  assertEquals(set.size, 0);
});

Deno.test("with 0 nobody is looked at, until a reload says otherwise", () => {
  const { clock, config, idle, set } = scene(0, 1);
  assertEquals(clock.watchedCount, 0);
  config.clientIdleTimeoutMs = 1_000;
  idle.look();
  clock.advance(2_000);
  assertEquals(set.size, 0);
  clock.advance(50);
  assertEquals(clock.watchedCount, 0);
});
