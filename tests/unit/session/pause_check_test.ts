/**
 * Which requests wait for the end of a pause: by the servers of their keys, and by what they may do.
 *
 * @module
 */
import { PauseMode, type PauseModeCode } from "../../../src/backend/server_orders.ts";
import { mayWrite, needsNoServer } from "../../../src/redis/client/paused_rows.ts";
import { isPaused } from "../../../src/session/pause_check.ts";
import { assertEquals } from "../../deps.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { frameOf } from "../../support/rigs/local_rig.ts";

function check(rig: CoreRig, ...words: string[]): boolean {
  const { frame, bytes } = frameOf(words);
  const local = { ...rig.sessionContext.local, mayWrite, needsNoServer };
  return isPaused({ ...rig.sessionContext, local }, frame, bytes);
}

function pause(rig: CoreRig, server: number | null, mode: PauseModeCode): void {
  const name = server === null ? null : rig.backends[server]!.name;
  rig.context.orders.pause(name, { mode, endMs: Infinity });
}

Deno.test("a cluster's pause is for all that needs a server", () => {
  using rig = new CoreRig();
  pause(rig, null, PauseMode.All);
  for (const words of ["GET k0", "MGET k0 k1", "DBSIZE", "SUBSCRIBE a", "BLPOP k0 1", "INFO"]) {
    assertEquals(check(rig, ...words.split(" ")), true, words);
  }
  for (const words of ["PING", "HELLO 3", "AUTH x", "MULTI", "CLIENT ID", "UNSUBSCRIBE"]) {
    assertEquals(check(rig, ...words.split(" ")), false, words);
  }
});

Deno.test("a pause of writes is for those, and what replicas would hear", () => {
  using rig = new CoreRig();
  pause(rig, null, PauseMode.Writes);
  for (const words of ["SET k0 v", "DEL k0 k1", "PFCOUNT k0", "PUBLISH a b", "FLUSHALL"]) {
    assertEquals(check(rig, ...words.split(" ")), true, words);
  }
  for (const words of ["GET k0", "MGET k0 k1", "DBSIZE", "SUBSCRIBE a"]) {
    assertEquals(check(rig, ...words.split(" ")), false, words);
  }
});

Deno.test("a server's pause is for its keys, and for what may ask it", () => {
  using rig = new CoreRig();
  pause(rig, 0, PauseMode.All);
  const waiting = [
    ...["GET k0", "SET k0 v", "MGET k1 k0", "COPY k0 k0", "BLPOP k0 1", "DBSIZE", "SCAN 0"],
    ...["EVAL x 2 k1 k0", "SORT k1 STORE k0"],
  ];
  for (const words of waiting) assertEquals(check(rig, ...words.split(" ")), true, words);
  for (const words of ["GET k1", "MGET k1 j1", "BLPOP k1 1", "GET k9", "PING"]) {
    assertEquals(check(rig, ...words.split(" ")), false, words);
  }
});
