/**
 * What a client may ask for before it has logged in, over all rows.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import {
  LoginStage,
  UNAUTHENTICATED_REQUEST_BYTES_MAX,
  WaitStage,
} from "../../../../src/redis/login/login_stage.ts";
import type { KnownServers } from "../../../../src/redis/server/known_servers.ts";
import { LoginTurns } from "../../../../src/redis/login/turns.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { knownServers, RigPeers } from "../../../support/rigs/redis_context.ts";
import { assertEquals } from "../../../deps.ts";

function createTurns(): LoginTurns {
  return new LoginTurns(new ManualClock(), new RigPeers());
}

Deno.test("four commands pass, all others are told to log in", () => {
  const passed: string[] = [];
  const stage = new LoginStage(new LocalRigClient(), createTurns(), knownServers("7.0.15"));
  for (const row of respCommands.rows) {
    const client = new LocalRigClient();
    const words = [row.name, ...Array.from({ length: Math.abs(row.arity) - 1 }, () => "0")];
    const { frame } = frameOf(words);
    if (frame.row === null) continue;
    if (stage.onRequest(client, frame) === Verdict.Pass) passed.push(row.name);
    else assertEquals(client.replies, ["-NOAUTH Authentication required.\r\n"]);
  }
  assertEquals(passed.sort(), ["auth", "hello", "quit", "reset"]);
});

Deno.test("its requests are bounded, and it has nothing due when it leaves", () => {
  const stage = new LoginStage(new LocalRigClient(), createTurns(), knownServers("7.0.15"));
  assertEquals([stage.requestBytesMax, stage.onInputEnd()], [
    UNAUTHENTICATED_REQUEST_BYTES_MAX,
    false,
  ]);
});

Deno.test("who has logged in and waits to do so again may ask for everything meanwhile", () => {
  const client = new LocalRigClient();
  const stage = new WaitStage(client, createTurns());
  assertEquals([stage.onRequest(client, frameOf(["GET", "k"]).frame), client.replies], [
    Verdict.Pass,
    [],
  ]);
  assertEquals("requestBytesMax" in stage, false);
});

Deno.test("Redis says what is no command before a login, Valkey does not", () => {
  const admit = (servers: KnownServers, words: string[]) => {
    const stage = new LoginStage(new LocalRigClient(), createTurns(), servers);
    return stage.onRequest(new LocalRigClient(), frameOf(words).frame);
  };
  for (const words of [["NOSUCH"], ["GET"]]) {
    assertEquals(admit(knownServers("7.0.15"), words), Verdict.Pass);
    assertEquals(admit(knownServers("7.2.4", "9.1.2"), words), Verdict.Handled);
  }
  assertEquals(admit(knownServers("7.2.4", "9.1.2"), ["AUTH"]), Verdict.Pass);
});
