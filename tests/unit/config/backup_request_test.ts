/**
 * `backup_request` as the file has it.
 *
 * @module
 */
import { NO_BACKUP_REQUESTS, readBackupRequest } from "../../../src/config/backup_request.ts";
import { Report } from "../../../src/config/problem.ts";
import { assertEquals } from "../../deps.ts";

function read(table: Record<string, unknown> | undefined) {
  const report = new Report("a.toml");
  const config = readBackupRequest(table, { pathOf: (key) => `c.${key}`, report });
  return { config, problems: report.problems.map(({ path, message }) => `${path}: ${message}`) };
}

Deno.test("without the table no replica is asked", () => {
  assertEquals(read(undefined), { config: NO_BACKUP_REQUESTS, problems: [] });
  assertEquals(NO_BACKUP_REQUESTS.isEnabled, false);
});

Deno.test("what is left out has a default", () => {
  assertEquals(read({ enabled: true }).config, { ...NO_BACKUP_REQUESTS, isEnabled: true });
  const all = { enabled: true, trigger_slow_ms: 20, multiplier: 1.5, max_percent: 0 };
  assertEquals(read(all).config, {
    isEnabled: true,
    triggerSlowMs: 20,
    multiplier: 1.5,
    maxPercent: 0,
  });
});

Deno.test("everything that is wrong is said at once", () => {
  const { problems } = read({
    enabled: 1,
    trigger_slow_ms: 0.5,
    multiplier: "2",
    max_percent: 101,
    slow: 1,
  });
  assertEquals(problems, [
    "c.backup_request.slow: unknown key: expected enabled, trigger_slow_ms, multiplier, max_percent",
    "c.backup_request.enabled: expected true or false",
    "c.backup_request.trigger_slow_ms: expected a number from 1 to 3600000 (ms)",
    "c.backup_request.multiplier: expected a number from 1 to 1000 (times the mean)",
    "c.backup_request.max_percent: expected a number from 0 to 100 (percent)",
  ]);
});
