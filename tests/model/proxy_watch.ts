/**
 * The proxy as seen from outside: its metrics, descriptors and memory.
 *
 * @module
 */
import type { Aster } from "../support/servers/aster.ts";
import { delay, until } from "../support/tools/poll.ts";
import { cpuTicks, residentBytes, TICK_MS } from "../support/servers/server_process.ts";
import { Violation } from "./violation.ts";

/** After the last client left, everything must be given back within this time, in milliseconds. */
const IDLE_DEADLINE_MS = 8_000;
const IDLE_LOOKS = 8;
const IDLE_LOOK_INTERVAL_MS = 50;
const QUIET_LOOK_MS = 300;
const LINE = /^(\w+)(?:\{([^}]*)\})? (\S+)$/;

/** One scrape of `/metrics`. */
export class Metrics {
  readonly #values: { name: string; labels: string; value: number }[] = [];

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const match = LINE.exec(line);
      if (match === null) continue;
      this.#values.push({ name: match[1]!, labels: match[2] ?? "", value: Number(match[3]) });
    }
  }

  /** Sum over all label sets that contain `label`. */
  sum(name: string, label = ""): number {
    let sum = 0;
    for (const one of this.#values) {
      if (one.name === name && one.labels.includes(label)) sum += one.value;
    }
    return sum;
  }

  /** How many label sets there are. */
  count(name: string): number {
    return this.#values.filter((one) => one.name === name).length;
  }

  /** Every reason for which anything failed, and how often. */
  allFailures(): string {
    const failed = this.#values.filter(({ name, value }) =>
      name === "aster_failures_total" && value > 0
    );
    return failed.map(({ labels, value }) => `${/reason="(\w+)"/.exec(labels)?.[1]} ${value}`)
      .join(", ");
  }

  /** How often requests or connections failed for `reason`. */
  failures(reason: string): number {
    return this.sum("aster_failures_total", `reason="${reason}"`);
  }
}

/** Scrapes over a connection of its own, so that none stays open. */
export async function scrape(aster: Aster): Promise<Metrics> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port: aster.metricsPort });
  const request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  await socket.write(new TextEncoder().encode(request));
  const answer = await new Response(socket.readable).text();
  // Without metrics everything would count as zero.
  if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(`/metrics answered ${answer}`);
  return new Metrics(answer);
}

/** Open descriptors of the proxy. */
export function openDescriptors(aster: Aster): number {
  return [...Deno.readDirSync(`/proc/${aster.pid}/fd`)].length;
}

/** Descriptors of a proxy without clients, once its fetches and pings of the start are over. */
export async function idleDescriptors(aster: Aster): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < IDLE_LOOKS; look++) {
    const metrics = await scrape(aster);
    least = Math.min(least, openDescriptors(aster) - connectionsOf(metrics));
    await delay(IDLE_LOOK_INTERVAL_MS);
  }
  return least;
}

/** Connections to backends: shared, dedicated, or for messages. */
export function connectionsOf(metrics: Metrics): number {
  return [
    "aster_backend_connections",
    "aster_dedicated_connections",
    "aster_dedicated_connections_idle",
    "aster_message_connections",
  ].reduce((sum, name) => sum + metrics.sum(name), 0);
}

/** Memory of the proxy, in bytes. */
export function memoryBytes(aster: Aster): number {
  return residentBytes(aster.pid);
}

/**
 * Waits until the proxy owes nothing and holds nothing but its backend connections.
 *
 * @param idleDescriptors Descriptors before its first client.
 * @throws {Violation} If that does not come true.
 */
export async function becomesIdle(aster: Aster, idleDescriptors: number): Promise<Metrics> {
  let metrics = await scrape(aster);
  let trouble = "";
  try {
    await until(async () => {
      metrics = await scrape(aster);
      trouble = troubleOf(metrics, openDescriptors(aster) - idleDescriptors);
      return trouble === "";
    }, { what: "the proxy is idle", deadlineMs: IDLE_DEADLINE_MS, intervalMs: 50 });
  } catch {
    throw new Violation(`the proxy does not become idle: ${trouble}`);
  }
  return metrics;
}

/**
 * Looks whether an idle proxy rests, and whether it logged that something of its own went wrong.
 *
 * @throws {Violation} If it does not, or did.
 */
export async function staysQuiet(aster: Aster): Promise<void> {
  const before = cpuTicks(aster.pid);
  await delay(QUIET_LOOK_MS);
  const after = cpuTicks(aster.pid);
  const ticks = after.user + after.system - before.user - before.system;
  if (ticks * TICK_MS > QUIET_LOOK_MS / 2) {
    throw new Violation(`an idle proxy works ${ticks * TICK_MS} ms of ${QUIET_LOOK_MS} ms`);
  }
  const error = /^.*(?:"level":"(?:ERROR|FATAL)"|Uncaught).*$/m.exec(aster.logs());
  if (error !== null) throw new Violation(`the proxy logged ${error[0]}`);
}

function troubleOf(metrics: Metrics, addedDescriptors: number): string {
  const clients = metrics.sum("aster_front_connection");
  const inFlight = metrics.sum("aster_backend_in_flight");
  const queuedBytes = metrics.sum("aster_backend_queued_bytes");
  const exchanges = metrics.sum("aster_exchanges_in_use");
  const chunks = metrics.sum("aster_chunks_in_use");
  const connections = connectionsOf(metrics);
  const owesNothing = clients === 0 && inFlight === 0 && queuedBytes === 0;
  // Fewer than expected: a fetch of the slot map was under way while they were counted at the
  // start.
  if (owesNothing && exchanges === 0 && chunks === 0 && addedDescriptors <= connections) return "";
  return `${clients} clients, ${inFlight} requests in flight, ${queuedBytes} queued bytes, ` +
    `${exchanges} exchanges and ${chunks} chunks in use, ` +
    `${addedDescriptors} descriptors more than at the start for ${connections} connections`;
}
