/**
 * The checks beside the rows: what memory a proxy takes and what it does without load, engine by
 * engine.
 *
 * @module
 */
import { type RedisBackends, startRedisBackends } from "./backends.ts";
import { checkFirstRequest, checkIdleCpu } from "./idle.ts";
import { checkIdleClients, checkLargeValue, checkUnreadReplies } from "./memory.ts";
import type { Proxy } from "./proxies.ts";
import { type Engine, ENGINES, idOf } from "./rows.ts";

/** One line of the table of checks. */
export interface Check {
  /** Name of the check, such as `epoll:memory/idle`; several lines may share it. */
  id: string;
  engine: Engine;
  name: string;
  measured: string;
  limit: string;
  /** Null where there is no limit. */
  isReached: boolean | null;
  note: string;
}

/** What a check found, before it is known which check of which engine it is. */
export type Finding = Omit<Check, "id" | "engine">;

type RunCheck = (proxy: Proxy, backends: RedisBackends, engine: Engine) => Promise<Finding[]>;

/** A check as it is planned. */
export interface PlannedCheck {
  id: string;
  engine: Engine;
  run: RunCheck;
}

/**
 * Longest wait for a backend's reply, in milliseconds. redis-server copies all large values before
 * it sends the first: a usual timeout would end the request before there is anything to hold.
 */
const TIMEOUT_MS = 60_000;

const PARTS: readonly { name: string; engines: readonly Engine[]; run: RunCheck }[] = [
  { name: "memory/idle", engines: ENGINES, run: checkIdleClients },
  { name: "memory/large", engines: ENGINES, run: checkLargeValue },
  { name: "memory/unread", engines: ENGINES, run: checkUnreadReplies },
  // Only where the program itself waits for events is it a question what that costs.
  { name: "idle/cpu", engines: ["epoll"], run: checkIdleCpu },
  { name: "idle/first", engines: ["epoll"], run: checkFirstRequest },
];

/**
 * The checks that a run makes.
 *
 * @param only Pattern that the check's id must match, or null.
 */
export function selectChecks(engines: readonly Engine[], only: RegExp | null): PlannedCheck[] {
  return engines.flatMap((engine) =>
    PARTS.filter((part) => part.engines.includes(engine))
      .map(({ name, run }) => ({ id: idOf(engine, name), engine, run }))
      .filter(({ id }) => only === null || only.test(id))
  );
}

/**
 * Runs the checks, each on a proxy of its own.
 *
 * @param start Starts that proxy.
 */
export async function runChecks(
  planned: readonly PlannedCheck[],
  start: (engine: Engine, backends: RedisBackends, timeoutMs: number) => Promise<Proxy>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { id, engine, run } of planned) {
    await using backends = await startRedisBackends();
    await using proxy = await start(engine, backends, TIMEOUT_MS);
    let findings: Finding[];
    try {
      findings = await run(proxy, backends, engine);
    } catch (error) {
      findings = [failure(id, error, proxy)];
    }
    checks.push(...findings.map((finding) => ({ id, engine, ...finding })));
  }
  return checks;
}

function failure(id: string, error: unknown, proxy: Proxy): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  const ended = proxy.isRunning() ? "" : `; ${proxy.name} has ended`;
  return { name: id, measured: "–", limit: "–", isReached: false, note: reason + ended };
}
