/**
 * What a client may ask for before it has logged in, over all rows.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import {
  LoginGuard,
  UNAUTHENTICATED_REQUEST_BYTES_MAX,
  WaitGuard,
} from "../../../../src/redis/login/login_guard.ts";
import type { KnownServers } from "../../../../src/redis/server/known_servers.ts";
import { LoginTurns } from "../../../../src/redis/login/turns.ts";
import { Verdict } from "../../../../src/session/features.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { frameOf, LocalRigClient } from "../../../support/local_rig.ts";
import { knownServers, RigPeers } from "../../../support/redis_context.ts";
import { assertEquals } from "../../../deps.ts";

function createTurns(): LoginTurns {
  return new LoginTurns(new ManualClock(), new RigPeers());
}

Deno.test("four commands pass, all others are told to log in", () => {
  const passed: string[] = [];
  const guard = new LoginGuard(new LocalRigClient(), createTurns(), knownServers("7.0.15"));
  for (const row of respCommands.rows) {
    const client = new LocalRigClient();
    const words = [row.name, ...Array.from({ length: Math.abs(row.arity) - 1 }, () => "0")];
    const { frame } = frameOf(words);
    if (frame.row === null) continue;
    if (guard.admit(client, frame) === Verdict.Pass) passed.push(row.name);
    else assertEquals(client.replies, ["-NOAUTH Authentication required.\r\n"]);
  }
  assertEquals(passed.sort(), ["auth", "hello", "quit", "reset"]);
});

Deno.test("its requests are bounded, and it has nothing due when it leaves", () => {
  const guard = new LoginGuard(new LocalRigClient(), createTurns(), knownServers("7.0.15"));
  assertEquals([guard.requestBytesMax, guard.inputEnded()], [
    UNAUTHENTICATED_REQUEST_BYTES_MAX,
    false,
  ]);
});

Deno.test("who has logged in and waits to do so again may ask for everything meanwhile", () => {
  const client = new LocalRigClient();
  const guard = new WaitGuard(client, createTurns());
  assertEquals([guard.admit(client, frameOf(["GET", "k"]).frame), client.replies], [
    Verdict.Pass,
    [],
  ]);
  assertEquals("requestBytesMax" in guard, false);
});

Deno.test("Redis says what is no command before a login, Valkey does not", () => {
  const admit = (servers: KnownServers, words: string[]) => {
    const guard = new LoginGuard(new LocalRigClient(), createTurns(), servers);
    return guard.admit(new LocalRigClient(), frameOf(words).frame);
  };
  for (const words of [["NOSUCH"], ["GET"]]) {
    assertEquals(admit(knownServers("7.0.15"), words), Verdict.Pass);
    assertEquals(admit(knownServers("7.2.4", "9.1.2"), words), Verdict.Handled);
  }
  assertEquals(admit(knownServers("7.2.4", "9.1.2"), ["AUTH"]), Verdict.Pass);
});
