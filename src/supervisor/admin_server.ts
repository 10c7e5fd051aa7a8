/**
 * The HTTP server for operators: `/metrics`, `/health`, `/ready`, `/status`, `/slowlog`, `/hotkeys` and `/clients`, the dashboard, and what may
 * be ordered by `POST`.
 *
 * @module
 */
import { certificateEnds } from "../config/tls.ts";
import { formatEndpoint, type TcpEndpoint } from "../endpoint.ts";
import type { Log } from "../observe/log.ts";
import { type AddressClients, mergeAddresses } from "../observe/client_addresses.ts";
import { DURATION_BOUNDS_MS } from "../observe/durations.ts";
import { mergeEntries, showEntry, type SlowEntry } from "../observe/slow_log.ts";
import { VERSION } from "../version.ts";
import { act, ACTION_PATHS, type ActionTarget } from "./admin_actions.ts";
import type { AdminAccess } from "./admin_access.ts";
import { configHash } from "./config_hash.ts";
import { HttpServer, type HttpServerOptions } from "./http_server.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import {
  formatFor,
  METRICS_CONTENT_TYPES,
  type MetricsFormat,
  type MetricsView,
  renderMetrics,
} from "./metrics_text.ts";
import { SeriesBound } from "./series_bound.ts";
import type { ChangedSetting } from "./settings.ts";
import { shownKeys } from "./shown_keys.ts";
import { isTaken } from "./trial_bind.ts";
import type { Change } from "./change_log.ts";
import { RecentDurations } from "./recent_durations.ts";
import { partsOf, ProblemWatch, type WatchedProxy } from "./problem_watch.ts";
import type { Problem } from "./problems.ts";
import { showCluster, showRetired, showWorker } from "./status.ts";
import { CpuMeter, residentBytes } from "./process_usage.ts";
import type { Collected } from "./supervisor.ts";

/** Longest wait for requests that are being answered when the server closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500;
/** Wait before it tries again to listen, in milliseconds. */
const LISTEN_RETRY_MS = 1_000;
/** How often it looks whether a former process has left its address, in milliseconds. */
const FREE_CHECK_MS = 200;
/** Requests that are answered at once; further ones are told to come again. */
export const REQUESTS_AT_ONCE_MAX = 64;

/** What the answers are made from. */
export interface AdminSource extends ActionTarget, WatchedProxy {
  collect(): Promise<Collected>;
  /** The last changes, latest first; none are known if left out. */
  changes?(): readonly Change[];
  /** Settings that are others than the file's; none can be if left out. */
  changedSettings?(): readonly ChangedSetting[];
}

/** Slow requests of a cluster that are shown. */
const SLOW_SHOWN_MAX = 1_000;

/** Answers what it is asked, whoever asks; works without a socket too. */
export class AdminPages {
  readonly #source: AdminSource;
  readonly #dashboard: Dashboard;
  readonly #log: Log;
  readonly #series = new SeriesBound();
  readonly #recent = new RecentDurations();
  readonly #problems: ProblemWatch;
  readonly #cpu: CpuMeter = new CpuMeter();
  readonly #startedAt: Date = new Date();

  constructor(source: AdminSource, log: Log) {
    this.#source = source;
    this.#log = log;
    this.#problems = new ProblemWatch(source, this.#recent);
    this.#dashboard = new Dashboard({
      status: () => this.status(),
      counts: async () => (await this.#collect()).clusters,
    });
  }

  /**
   * Returns the answer to one request.
   *
   * @param mayRead Whether who asks may see what is in the proxy, and not only what is open to all.
   */
  async handle(request: Request, mayRead = true): Promise<Response> {
    const url = new URL(request.url);
    const isAction = ACTION_PATHS.includes(url.pathname);
    const methods = isAction ? ["POST"] : ["GET", "HEAD"];
    if (!methods.includes(request.method)) {
      return new Response(`Only ${methods[0]} is allowed\n`, {
        status: 405,
        headers: { allow: methods.join(", ") },
      });
    }
    if (!isAction) {
      return await this.#show(url.pathname, mayRead, request.headers.get("accept"));
    }
    const answer = await act(this.#source, url);
    return json(answer!.status, answer!.body);
  }

  async #show(path: string, mayRead: boolean, accept: string | null): Promise<Response> {
    switch (path) {
      case "/metrics": {
        const format = formatFor(accept);
        return new Response(await this.metricsText(format), {
          headers: { "content-type": METRICS_CONTENT_TYPES[format] },
        });
      }
      case "/health":
        return this.#health(await this.#collect());
      case "/ready":
        return json(this.#source.isReady ? 200 : 503, { ready: this.#source.isReady });
      case "/status":
        return json(200, await this.status());
      case "/slowlog":
        return json(200, await this.#slowLog());
      case "/hotkeys":
        return json(200, await this.#keys());
      case "/clients":
        return json(200, await this.#clients());
      default:
        return await this.#dashboard.answer(path, mayRead) ??
          new Response(
            "Try /, /metrics, /health, /ready, /status, /slowlog, /hotkeys or /clients\n",
            {
              status: 404,
            },
          );
    }
  }

  /** Keeps the dashboard's history from now on. */
  open(): void {
    this.#dashboard.start();
  }

  /** Ends what is kept for the dashboard, and its streams. */
  close(): void {
    this.#dashboard.stop();
  }

  /** Returns what `/status` shows. */
  async status(): Promise<Record<string, unknown>> {
    const collected = await this.#collect();
    return this.#status(collected, await this.#problems.find(collected));
  }

  /** Returns the Prometheus text. */
  async metricsText(format: MetricsFormat = "text"): Promise<string> {
    const { workers, retired, silentEnded, clusters } = await this.#collect();
    return await renderMetrics({
      version: VERSION,
      build: this.#build(),
      vitals: [...workers, ...retired].map(({ number, vitals }) => ({ worker: number, vitals })),
      durations: this.#series.bound(clusters),
      clusters,
      memoryBytes: residentBytes(),
      cpuPercent: this.#cpu.percent(),
      workers: workers.length,
      silentWorkers: workers.filter(({ hasAnswered }) => !hasAnswered).length,
      silentRestarts: silentEnded,
      workerRestarts: workers.reduce((sum, { restarts }) => sum + restarts, 0),
      configHash: configHash(this.#source.config),
      isReloadGood: this.#source.reloader?.state.isGood ?? true,
      areCertificatesGood: this.#source.reloader?.state.areCertificatesGood ?? true,
      certificateEnds: certificateEnds(this.#source.config),
      pauses: this.#source.orders.pauseCount,
      serverStates: this.#serverStates(),
    }, format);
  }

  #build(): Record<string, string> {
    const { build, version } = Deno;
    const { io } = this.#source.config.runtime;
    return { deno: version.deno, v8: version.v8, os: build.os, arch: build.arch, io };
  }

  #serverStates(): MetricsView["serverStates"] {
    const { config, orders } = this.#source;
    return config.clusters.filter(({ type }) => type !== "redis_cluster")
      .flatMap(({ name: cluster, servers }) =>
        servers.map(({ address, alias }) => {
          const server = alias ?? address;
          return { cluster, server, state: orders.settingOf(cluster, server).state };
        })
      );
  }

  async #collect(): Promise<Collected> {
    const collected = await this.#source.collect();
    const nowMs = performance.now();
    this.#recent.look(collected.clusters, nowMs);
    this.#problems.look(collected, nowMs);
    for (const { number, isListening, hasAnswered } of collected.workers) {
      if (isListening && !hasAnswered) this.#log.warning("Worker is silent", { worker: number });
    }
    return collected;
  }

  /** Of each cluster the requests that took long, latest first. */
  async #slowLog(): Promise<unknown> {
    const { parts, silentWorkers } = await this.#source.inspect("slowlog");
    const clusters = this.#source.config.clusters.map((config) => {
      const own = partsOf<SlowEntry>(config, { parts, silentWorkers });
      return {
        name: config.name,
        slowerThanUs: config.slowlogSlowerThanUs,
        entries: mergeEntries(own, Math.min(SLOW_SHOWN_MAX, config.slowlogLengthMax)).map(
          showEntry,
        ),
      };
    });
    return { silentWorkers, clusters };
  }

  /** Of each cluster the keys that are asked for most, and those whose requests or replies are large. */
  async #keys(): Promise<unknown> {
    const [hot, big] = await Promise.all([
      this.#source.inspect("hotkeys"),
      this.#source.inspect("bigkeys"),
    ]);
    const nowMs = Date.now();
    const clusters = this.#source.config.clusters.map((config) => ({
      name: config.name,
      ...shownKeys(config, partsOf(config, hot), partsOf(config, big), nowMs),
    }));
    return { silentWorkers: Math.max(hot.silentWorkers, big.silentWorkers), clusters };
  }

  /** Of each cluster the clients by address. */
  async #clients(): Promise<unknown> {
    const inspected = await this.#source.inspect("clients");
    const clusters = this.#source.config.clusters.map((config) => ({
      name: config.name,
      addresses: mergeAddresses(partsOf<AddressClients>(config, inspected)),
    }));
    return { silentWorkers: inspected.silentWorkers, clusters };
  }

  #health({ workers }: Collected): Response {
    const problems: string[] = [];
    if (!this.#source.isReady) problems.push("the proxy is starting or stopping");
    for (const { number, isListening, hasAnswered } of workers) {
      if (!isListening) problems.push(`worker ${number} is not listening`);
      else if (!hasAnswered) problems.push(`worker ${number} does not answer in time`);
    }
    const healthy = problems.length === 0;
    return json(healthy ? 200 : 503, { healthy, problems });
  }

  #status(
    { workers, retired, clusters }: Collected,
    problems: readonly Problem[],
  ): Record<string, unknown> {
    const counted = new Map(clusters.map((one) => [one.cluster, one]));
    return {
      version: VERSION,
      ready: this.#source.isReady,
      problems,
      startedAt: this.#startedAt.toISOString(),
      uptimeSeconds: Math.floor((Date.now() - this.#startedAt.getTime()) / 1000),
      configHash: configHash(this.#source.config),
      changedSettings: this.#source.changedSettings?.() ?? [],
      lastReload: this.#source.reloader?.state ?? null,
      memoryBytes: residentBytes(),
      cpuPercent: this.#cpu.percent(),
      durationBoundsUs: DURATION_BOUNDS_MS.map((bound) => bound * 1000),
      workers: workers.map(showWorker),
      retiredWorkers: retired.map(showRetired),
      changes: this.#source.changes?.() ?? [],
      clusters: this.#source.config.clusters.map((config) => {
        const { name } = config;
        const one = counted.get(name);
        return showCluster({
          config,
          counted: one,
          orders: this.#source.orders,
          recent: one === undefined ? new Map() : this.#recent.percentilesOf(one),
          slots: this.#source.slotsOf?.(name) ?? null,
        });
      }),
    };
  }
}

/**
 * A listening admin server. It listens again when the system made it stop, which ends no more than its answers. Where a
 * former process still answers at its address it waits until that has left: two would answer at random.
 */
export class AdminServer {
  /** Where it listens, or will, as `host:port`. */
  readonly address: string;
  readonly #pages: AdminPages;
  readonly #access: AdminAccess;
  readonly #log: Log;
  #requestsUnderWay = 0;
  #isFailing = false;
  readonly #options:
    & { address: TcpEndpoint }
    & Pick<HttpServerOptions, "sharesPort" | "tls">;
  /** Null while it waits for its address. */
  #server: HttpServer | null = null;
  #isClosed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param sharesPort Whether a second process may listen on the same port.
   * @param waits Whether to wait where another process listens there.
   * @param tls The certificate that is shown, and its key; null: TLS is not spoken.
   * @throws {Error} If the address cannot be bound.
   */
  constructor(
    address: TcpEndpoint,
    sharesPort: boolean,
    pages: AdminPages,
    access: AdminAccess,
    log: Log,
    waits = false,
    tls: HttpServerOptions["tls"] = null,
  ) {
    this.#pages = pages;
    pages.open();
    this.#access = access;
    this.#log = log;
    this.#options = { address, sharesPort, tls };
    if (waits && isTaken(address)) {
      this.address = formatEndpoint(address);
      this.#listenWhenFree(address);
      return;
    }
    this.#server = this.#listen();
    this.#options.address = this.#server.address;
    this.address = formatEndpoint(this.#server.address);
  }

  #listenWhenFree(address: TcpEndpoint): void {
    this.#retryTimer = setTimeout(() => {
      if (isTaken(address)) return this.#listenWhenFree(address);
      this.#listenOrRetry();
      this.#log.info("Admin server serves", { address: this.address });
    }, FREE_CHECK_MS);
  }

  /** Closes it, with a bounded wait for answers under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pages.close();
    clearTimeout(this.#retryTimer);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    await Promise.race([this.#server?.shutdown(), promise]);
    this.#server?.close();
    clearTimeout(timer);
  }

  #listen(): HttpServer {
    return new HttpServer({
      ...this.#options,
      handle: async (request, peer) => {
        try {
          return await this.#answer(request, peer);
        } catch (error) {
          this.#log.error("Admin request failed", { reason: String(error) });
          return new Response("Internal error\n", { status: 500 });
        }
      },
      acceptFailed: (error) => this.#acceptFailed(error),
    });
  }

  /** Out of descriptors, say; said once until somebody is answered again. */
  #acceptFailed(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#log.error("Admin server cannot accept, and tries again", { reason: reasonOf(error) });
  }

  async #answer(request: Request, peer: string): Promise<Response> {
    const refusal = this.#access.refusal(request, peer);
    if (refusal !== null) return refusal;
    if (this.#requestsUnderWay >= REQUESTS_AT_ONCE_MAX) {
      return new Response("Too many requests at once\n", { status: 503 });
    }
    this.#requestsUnderWay += 1;
    this.#isFailing = false;
    try {
      return await this.#pages.handle(request, this.#access.mayRead(request));
    } finally {
      this.#requestsUnderWay -= 1;
    }
  }

  #listenLater(error: unknown): void {
    if (this.#isClosed) return;
    this.#log.error("Admin server cannot accept, and tries again", { reason: reasonOf(error) });
    this.#retryTimer = setTimeout(() => this.#listenOrRetry(), LISTEN_RETRY_MS);
  }

  #listenOrRetry(): void {
    try {
      this.#server = this.#listen();
    } catch (error) {
      this.#listenLater(error);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body, null, 2) + "\n", {
    status,
    headers: { "content-type": "application/json" },
  });
}
