/**
 * Which commands a transaction takes, for every row of the table.
 *
 * @module
 */
import { Action } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import {
  isKeyless,
  refusedInside,
  whyNotQueued,
} from "../../../../src/redis/transaction/queueable.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";
import { assert, assertEquals, assertMatch } from "../../../deps.ts";

Deno.test("commands with keys are taken, those about the connection are not", () => {
  for (const row of respCommands.rows) {
    const reason = whyNotQueued(row, 3);
    if (/^s(un)?subscribe$/.test(row.name)) {
      assertMatch(String(reason), /^ERR '.*' is not supported/);
    } else if (row.firstKey > 0 || row.keyFinder !== null) assertEquals(reason, null, row.name);
    else if (row.action === Action.Local && reason !== null) {
      assertMatch(reason, /^ERR '.*' is not supported(: clients share| inside MULTI: )/);
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

Deno.test("WAIT for nothing is taken, for copies it is refused", () => {
  const reasonOf = (line: string) => {
    const words = line.split(" ");
    const row = respCommands.rows.find(({ name }) => name === words[0]!.toLowerCase())!;
    return whyNotQueued(row, 1, () => words);
  };
  for (const line of ["WAIT 0 100", "WAIT -1 0", "WAIT x 0", "WAITAOF 0 0 9"]) {
    assertEquals(reasonOf(line), null, line);
  }
  for (const line of ["WAIT 1 100", "WAITAOF 1 0 0", "WAITAOF 0 1 0"]) {
    assertMatch(String(reasonOf(line)), /cannot count their writes/, line);
  }
});

Deno.test("inside MULTI nobody is told to change the configuration only", () => {
  const said = (line: string) => {
    const { frame } = frameOf(line.split(" "));
    return new TextDecoder().decode(refusedInside(frame.row, frame.refusal!));
  };
  for (
    const line of ["CONFIG GET x", "ACL WHOAMI", "MEMORY DOCTOR", "DEBUG SLEEP"]
  ) {
    assertMatch(said(line), /^-ERR '\w+' is not supported inside MULTI: .*send it outside/, line);
  }
  assertMatch(said("CONFIG"), /^-ERR wrong number of arguments/);
  assertMatch(said("MEMORY USAGE"), /^-ERR wrong number of arguments/);
  assertMatch(said("SHUTDOWN"), /^-ERR 'shutdown' is not supported: it concerns one server/);
});

Deno.test("a request is keyless without keys; in a cluster a message is, too", () => {
  assertEquals(isKeyless(frameOf(["PING"]).frame, false), true);
  assertEquals(isKeyless(frameOf(["GET", "a"]).frame, true), false);
  assertEquals(isKeyless(frameOf(["SORT", "a", "STORE", "b"]).frame, true), false);
});
