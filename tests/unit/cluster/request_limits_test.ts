/**
 * Whose requests are counted together, and what a reload changes.
 *
 * @module
 */
import { type LimitedClient, RequestLimits } from "../../../src/cluster/request_limits.ts";
import { type TcpEndpoint, tcpEndpoint } from "../../../src/endpoint.ts";
import type { RateLimitConfig, UserConfig } from "../../../src/config/config.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { createRateMemory } from "../../../src/observe/rate_table.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { assertEquals } from "../../deps.ts";
import { userWith } from "../../support/rigs/user_config.ts";

class Client {
  meter: LimitedClient["meter"] = null;
  readonly peer: TcpEndpoint;
  user: string | null;

  constructor(address: string, user: string | null) {
    const [host, port] = address.split(":");
    this.peer = tcpEndpoint(host!, Number(port));
    this.user = user;
  }
}

/** How many of `tries` requests a client has. */
function taken(client: LimitedClient, tries = 20): number {
  let count = 0;
  for (let index = 0; index < tries; index++) if (client.meter!.take()) count += 1;
  return count;
}

function scene(rateLimit: RateLimitConfig | null) {
  const clock = new ManualClock();
  const records: LogRecord[] = [];
  const config = { rateLimit, users: [] as UserConfig[] };
  const limits = new RequestLimits({
    config,
    clock,
    log: new Log("debug", (record) => records.push(record)),
    memory: { rates: createRateMemory() },
    sharedNowMs: () => clock.realMs,
    userOf: (client) => (client as unknown as Client).user,
  });
  const clients: LimitedClient[] = [];
  const connect = (address: string, user: string | null = "default") => {
    const client = new Client(address, user) as unknown as LimitedClient;
    limits.connect(client);
    clients.push(client);
    return client;
  };
  return { limits, config, clock, connect, clients, records };
}

const RATE = { perSecond: 10, burst: 4 };

Deno.test("per client each has its own", () => {
  const { connect, clock } = scene({ ...RATE, per: "client" });
  const [one, other] = [connect("10.0.0.1:1"), connect("10.0.0.1:2")];
  assertEquals([taken(one), taken(one), taken(other)], [4, 0, 4]);
  clock.advance(99);
  assertEquals(taken(one), 0);
  clock.advance(1);
  assertEquals([taken(one), taken(one)], [1, 0]);
  clock.advance(10_000);
  assertEquals(taken(one), 4);
});

Deno.test("per address, user or cluster they share one", () => {
  const counts = (per: RateLimitConfig["per"]) => {
    const { connect } = scene({ ...RATE, per });
    return [
      connect("10.0.0.1:1", "a"),
      connect("10.0.0.1:2", "b"),
      connect("10.0.0.2:1", "a"),
    ].map((client) => taken(client));
  };
  assertEquals(counts("address"), [4, 0, 4]);
  assertEquals(counts("user"), [4, 4, 0]);
  assertEquals(counts("cluster"), [4, 0, 0]);
});

Deno.test("whoever has not logged in is not counted, and is as whom it logs in", () => {
  const { connect } = scene({ ...RATE, per: "user" });
  const client = connect("10.0.0.1:1", null);
  assertEquals(taken(client), 20);
  const state = client as unknown as Client;
  state.user = "a";
  assertEquals(taken(client), 4);
  state.user = "b";
  assertEquals(taken(client), 4);
});

Deno.test("a reload is for those that are there, too", () => {
  const { limits, config, connect, clients } = scene(null);
  const client = connect("10.0.0.1:1");
  assertEquals(client.meter, null);
  config.rateLimit = { ...RATE, per: "client" };
  limits.reconfigure(clients);
  assertEquals(taken(client), 4);
  const { meter } = client;
  config.rateLimit = { perSecond: 10, burst: 6, per: "client" };
  limits.reconfigure(clients);
  assertEquals([client.meter === meter, taken(client)], [true, 2]);
  config.rateLimit = { ...RATE, per: "address" };
  limits.reconfigure(clients);
  assertEquals(taken(client), 4);
  config.rateLimit = null;
  limits.reconfigure(clients);
  assertEquals(client.meter, null);
});

Deno.test("refusals are said now and then", () => {
  const { connect, clock, records } = scene({ ...RATE, per: "client" });
  const client = connect("10.0.0.1:1");
  for (let second = 0; second < 15; second++) {
    client.meter!.refused();
    clock.advance(1_000);
  }
  assertEquals(records.map(({ message }) => message), [
    "Requests are refused",
    "Requests are refused",
  ]);
  assertEquals(records[0]!.fields, {
    reason: "rate_limited",
    address: "10.0.0.1:1",
    perSecond: 10,
    burst: 4,
    per: "client",
  });
});

Deno.test("a user's own rate is in the place of the cluster's, for all of its clients, and stays through logins", () => {
  const { connect, config, limits, clock } = scene({ ...RATE, per: "client" });
  const slow = { perSecond: 1, burst: 2, per: "user" } as const;
  config.users = [{ ...userWith("slow", "p"), rate: slow }, userWith("other", "p")];
  const one = connect("10.0.0.1:1", null);
  const two = connect("10.0.0.2:1", "slow");
  assertEquals(taken(one), 20, "who has not logged in is bounded otherwise");
  (one as unknown as Client).user = "slow";
  limits.connect(one);
  assertEquals([taken(one), taken(two)], [2, 0]);
  // Logging in again gives nothing.
  limits.connect(one);
  assertEquals(taken(one), 0);
  (one as unknown as Client).user = "other";
  limits.connect(one);
  assertEquals(taken(one), 4);
  limits.connect(one);
  assertEquals(taken(one), 0);
  clock.advance(1_000);
  assertEquals(taken(two), 1);
});

Deno.test("a user's rate by address is not counted with what others have from there", () => {
  const { connect, config } = scene({ ...RATE, per: "address" });
  config.users = [{ ...userWith("own", "p"), rate: { perSecond: 1, burst: 3, per: "address" } }];
  const [own, other, again] = [
    connect("10.0.0.1:1", "own"),
    connect("10.0.0.1:2"),
    connect("10.0.0.1:3", "own"),
  ];
  assertEquals([taken(own), taken(other), taken(again)], [3, 4, 0]);
});
