import {
  type AskVersions,
  DEFAULT_VERSION,
  isBefore,
  leastVersion,
  ServerVersion,
} from "../../../src/memcached/server_version.ts";
import { REFRESH_INTERVAL_MS, RETRY_INTERVAL_MS } from "../../../src/backend/asked_fact.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("the least version counts by its numbers, not as text", () => {
  assertEquals(leastVersion(["VERSION 1.10.0\r\n", "VERSION 1.9.3-beta\r\n"]), "1.9.3");
  assertEquals(leastVersion(["ERROR\r\n", "VERSION 1.4.5_4_gaa\r\n"]), "1.4.5");
  assertEquals(leastVersion(["ERROR\r\n"]), null);
  assertEquals(leastVersion([]), null);
  assertEquals(isBefore("1.5.22", "1.6.0"), true);
  assertEquals([isBefore("1.6.0", "1.6.0"), isBefore("1.10.0", "1.9.9")], [false, false]);
});

Deno.test("servers are asked once for all who wait, and again after a while", () => {
  const clock = new ManualClock();
  const version = new ServerVersion(clock);
  const told: string[] = [];
  const pending: Parameters<AskVersions>[0][] = [];
  const ask: AskVersions = (answered) => pending.push(answered);
  version.tell(ask, (text) => told.push(text));
  version.tell(ask, (text) => told.push(text));
  assertEquals([pending.length, told.length], [1, 0]);
  pending.shift()!(["VERSION 1.6.2\r\n"]);
  assertEquals(told.splice(0), ["1.6.2", "1.6.2"]);
  clock.nowMs += REFRESH_INTERVAL_MS;
  version.tell(ask, (text) => told.push(text));
  assertEquals([told.splice(0), pending.length], [["1.6.2"], 1]);
  pending.shift()!(["VERSION 1.6.1\r\n"]);
  version.tell(ask, (text) => told.push(text));
  assertEquals(told, ["1.6.1"]);
});

Deno.test("while no server answers a version is told all the same, and servers are asked now and then", () => {
  const clock = new ManualClock();
  const version = new ServerVersion(clock);
  const told: string[] = [];
  let count = 0;
  const ask: AskVersions = (answered) => {
    count += 1;
    answered([]);
  };
  version.tell(ask, (text) => told.push(text));
  version.tell(ask, (text) => told.push(text));
  assertEquals([told, count], [[DEFAULT_VERSION, DEFAULT_VERSION], 1]);
  clock.nowMs += RETRY_INTERVAL_MS;
  version.tell(ask, () => {});
  assertEquals(count, 2);
});
