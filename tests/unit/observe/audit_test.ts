/**
 * Audit records: what is in them, and how many there are.
 *
 * @module
 */
import { Audit, AUDIT_RECORDS_PER_SECOND, type AuditRecord } from "../../../src/observe/audit.ts";
import { assertEquals } from "../../deps.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";

Deno.test("a record says when, where, what and who, clipped", () => {
  const records: AuditRecord[] = [];
  const audit = new Audit("main", (record) => records.push(record), null, () => 0);
  audit.write("denied", { user: "a", address: "h:1", client: 7, object: "k".repeat(1_000) });
  assertEquals(records, [{
    time: "1970-01-01T00:00:00.000Z",
    event: "denied",
    cluster: "main",
    user: "a",
    address: "h:1",
    client: 7,
    object: "k".repeat(256),
  }]);
});

Deno.test("beyond so many a second records are counted, and the next second says how many", () => {
  const records: AuditRecord[] = [];
  let nowMs = 10_000;
  const clock = new ManualClock();
  const audit = new Audit("main", (record) => records.push(record), clock, () => nowMs);
  for (let index = 0; index < AUDIT_RECORDS_PER_SECOND + 5; index++) audit.write("login", {});
  assertEquals(records.length, AUDIT_RECORDS_PER_SECOND);
  nowMs += 1_000;
  audit.write("login", {});
  assertEquals(records.slice(-2).map(({ event, count }) => [event, count]), [
    ["suppressed", 5],
    ["login", undefined],
  ]);
  for (let index = 0; index < AUDIT_RECORDS_PER_SECOND + 2; index++) audit.write("login", {});
  clock.advance(50);
  assertEquals(records.at(-1)!.event, "login");
  nowMs += 1_000;
  clock.advance(50);
  assertEquals([records.at(-1)!.event, records.at(-1)!.count], ["suppressed", 3]);
});

Deno.test("without a sink nothing is made", () => {
  const audit = new Audit("main", null);
  audit.write("login", {});
  assertEquals(audit.isOn, false);
});
