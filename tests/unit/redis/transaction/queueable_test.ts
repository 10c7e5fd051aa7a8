/**
 * Which commands a transaction takes, for every row of the table.
 *
 * @module
 */
import { Action } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { isKeyless, whyNotQueued } from "../../../../src/redis/transaction/queueable.ts";
import { frameOf } from "../../../support/local_rig.ts";
import { assert, assertEquals, assertMatch } from "../../../deps.ts";

Deno.test("commands with keys are taken, those about the connection are not", () => {
  for (const row of respCommands.rows) {
    const reason = whyNotQueued(row, 3);
    if (/^s(un)?subscribe$/.test(row.name)) {
      assertMatch(String(reason), /^ERR '.*' is not supported/);
    } else if (row.firstKey > 0 || row.keyFinder !== null) assertEquals(reason, null, row.name);
    else if (row.action === Action.Local && reason !== null) {
      assertMatch(reason, /^ERR '.*' is not supported inside MULTI: /);
    }
  }
  const taken = respCommands.rows.filter((row) =>
    row.action === Action.Local && row.firstKey === 0 && row.keyFinder === null &&
    whyNotQueued(row, 3) === null
  );
  for (const name of ["ping", "echo", "time", "select"]) {
    assert(taken.some((row) => row.name === name), name);
  }
  for (const name of ["client", "hello", "auth", "reset", "quit"]) {
    assert(!taken.some((row) => row.name === name), name);
  }
});

Deno.test("with one server commands about all are taken, but for SCAN", () => {
  const reasonOf = (name: string) =>
    whyNotQueued(respCommands.rows.find((row) => row.name === name)!, 1);
  for (const name of ["flushall", "keys", "randomkey", "script", "function", "dbsize"]) {
    assertEquals(reasonOf(name), null, name);
  }
  assertMatch(String(reasonOf("scan")), /concerns all servers/);
});

Deno.test("a request is keyless without keys; in a cluster a message is, too", () => {
  assertEquals(isKeyless(frameOf(["PING"]).frame, false), true);
  assertEquals(isKeyless(frameOf(["GET", "a"]).frame, true), false);
  assertEquals(isKeyless(frameOf(["SORT", "a", "STORE", "b"]).frame, true), false);
});
