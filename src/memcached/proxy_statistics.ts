/**
 * `stats proxy`: what one worker of the proxy has counted, in memcached's words where it has some.
 *
 * @module
 */
import { allFailures } from "../failure.ts";
import { VERSION } from "../version.ts";
import type { MemcacheContext } from "./local.ts";
import type { Statistic } from "./statistics.ts";

/** The lines. */
export function proxyStatistics({ backends, router, startedAtMs }: MemcacheContext): Statistic[] {
  const { metrics } = backends;
  const statistics: [string, string | number][] = [
    ["proxy_version", VERSION],
    ["uptime", Math.floor((performance.now() - startedAtMs) / 1000)],
    ["curr_connections", metrics.clientsConnected],
    ["total_connections", metrics.clientsAccepted],
    ["cmd_total", metrics.requests],
    ["error_replies", metrics.errorReplies],
    ["auth_errors", metrics.loginFailures],
    ["ejections", metrics.ejections],
  ];
  for (const { id, name } of allFailures) {
    const count = metrics.failures[id]!;
    if (count > 0) statistics.push([`failures:${name}`, count]);
  }
  for (const backend of router.backends()) {
    const { address, isHealthy, connections, requests, failures, inFlight, queuedBytes } = backend
      .snapshot();
    statistics.push(
      [`${address}:healthy`, isHealthy ? "yes" : "no"],
      [`${address}:connections`, connections],
      [`${address}:requests`, requests],
      [`${address}:failures`, failures],
      [`${address}:in_flight`, inFlight],
      [`${address}:queued_bytes`, queuedBytes],
    );
  }
  return statistics.map(([name, value]) => [name, String(value)] as const);
}
