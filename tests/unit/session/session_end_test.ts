import { type Failure, failures } from "../../../src/failure.ts";
import { reportEnd, reportMalformed } from "../../../src/session/session_end.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

function endOf(failure: Failure | null) {
  using rig = new CoreRig();
  rig.metrics.clientsConnected = 1;
  reportEnd(rig.sessionContext, 7, failure);
  const { clientsConnected } = rig.metrics;
  return { clientsConnected, logged: rig.records.map(({ level, fields }) => [level, fields]) };
}

Deno.test("the end of a client is logged with its reason, as far as there was one", () => {
  assertEquals(endOf(null), { clientsConnected: 0, logged: [] });
  assertEquals(endOf(failures.clientReset), {
    clientsConnected: 0,
    logged: [["debug", { client: 7, reason: "client_reset" }]],
  });
});

Deno.test("a client that does not take its replies is worth knowing about", () => {
  for (const failure of [failures.clientOutputLimit, failures.clientWriteTimeout]) {
    assertEquals(endOf(failure).logged, [["info", { client: 7, reason: failure.name }]]);
  }
});

Deno.test("input that cannot be parsed is counted and logged", () => {
  using rig = new CoreRig();
  reportMalformed(rig.sessionContext, 7, 0x21);
  assertEquals(rig.records.map(({ fields }) => fields), [
    { client: 7, reason: "client_malformed" },
  ]);
});
