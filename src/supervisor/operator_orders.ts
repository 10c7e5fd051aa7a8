/**
 * What operators have ordered while the proxy runs: which clusters and servers are paused, and which servers
 * are taken out. Workers carry it out; one
 * that is started meanwhile is told as well.
 *
 * @module
 */
import { type Clock, Deadline, type Watched } from "../clock.ts";
import type { Log } from "../observe/log.ts";
import type { Config } from "../config/config.ts";
import type { PauseCount, ServerOrder } from "../worker/messages.ts";

/** Longest pause, milliseconds. */
export const PAUSE_MAX_MS = 300_000;
/** Length of a pause if nothing is said, milliseconds. */
export const PAUSE_DEFAULT_MS = 10_000;
/** Longest wait for what is in flight, milliseconds; half the pause where that is shorter. */
export const PAUSE_WAIT_MAX_MS = 5_000;
/** How often workers are asked what is in flight, milliseconds. */
const COUNT_INTERVAL_MS = 50;
/** Longest wait for one worker's answer, milliseconds. */
const ANSWER_TIMEOUT_MS = 1_000;
/** Longest wait for a worker to connect anew, milliseconds: above its own bound. */
const RESUME_TIMEOUT_MS = 5_000;

/** What waits in a pause. */
export type PauseModeName = "write" | "all";

/** What an operator made of a server; `server` as in {@link PauseRequest}. */
export interface ServerSetting {
  readonly cluster: string;
  readonly server: string;
  readonly state: "ready" | "drain" | "maint";
  /** Null: the configuration's. */
  readonly weight: number | null;
}

/** A worker, as orders reach it. */
export interface OrderedWorker {
  readonly clusterNames: readonly string[];
  readonly isListening: boolean;
  /** Sends an order whose answer nobody waits for. */
  tell(order: ServerOrder): void;
  /** Null: it did not answer in time. */
  order(order: ServerOrder, timeoutMs: number): Promise<PauseCount | null>;
}

/** A pause that is asked for. `server` is its alias, else `host:port`; null: the whole cluster. */
export interface PauseRequest {
  readonly cluster: string;
  readonly server: string | null;
  readonly mode: PauseModeName;
  readonly maxMs: number;
}

/** What a pause came to, as its answer shows it. */
export interface PauseAnswer {
  /** False where it has ended meanwhile. */
  readonly paused: boolean;
  readonly in_flight: number;
  readonly transactions: number;
  readonly blocked: number;
  readonly subscribed: number;
  /** Workers that do not say what is in flight. */
  readonly silent_workers: number;
  /** Whether the process that this one has taken over still serves clients: it knows nothing of the pause. */
  readonly former_process: boolean;
}

/** What came of the setting of a server. */
export interface SettingResult {
  readonly in_flight: number;
  /** Whether the next process will know of it; null: that was not asked for. */
  readonly is_kept: boolean | null;
  /** As in {@link PauseAnswer}. */
  readonly former_process: boolean;
}

/** A pause that is on, as `/status` shows it. */
export interface PauseState {
  readonly server: string | null;
  readonly mode: PauseModeName;
  readonly endsInMs: number;
}

interface Pause extends PauseRequest {
  /** When it ends by itself, milliseconds of {@link Clock.realMs}, as in workers. */
  readonly endMs: number;
}

/** Keeps settings beyond this process; says whether that went well. */
export type KeepSettings = (settings: readonly ServerSetting[]) => Promise<boolean>;

/** Orders of operators that stand: pauses, and servers taken out. Every worker is told, late ones too. */
export class OperatorOrders implements Watched {
  isWatched = false;
  readonly #workers: () => Iterable<OrderedWorker>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #noted: (cluster: string, text: string) => void;
  readonly #pauses = new Map<string, Pause>();
  readonly #settings = new Map<string, ServerSetting>();
  /** Keeps the settings for the next process; null where nothing does. */
  #keep: KeepSettings | null = null;
  /** Settings that are being carried out, and kept. */
  #unkept = 0;
  /** Whether another process serves clients that no order of this one reaches. */
  isFormerServing: () => boolean = () => false;

  /** @param noted Hears of each change, as a sentence. */
  constructor(
    workers: () => Iterable<OrderedWorker>,
    clock: Clock,
    log: Log,
    noted: (cluster: string, text: string) => void = () => {},
  ) {
    this.#workers = workers;
    this.#clock = clock;
    this.#log = log;
    this.#noted = noted;
  }

  /** Lets requests wait, and waits until none of them is in flight any more. */
  async pause(request: PauseRequest): Promise<PauseAnswer> {
    const pause = this.#begin(request);
    const { cluster, server, mode, maxMs } = request;
    const waitEndMs = this.#realMs + Math.min(maxMs / 2, PAUSE_WAIT_MAX_MS);
    this.#log.info("Requests wait: an operator has paused them", {
      ...named(request),
      mode,
      maxMs,
    });
    this.#noted(cluster, `requests wait${forServer(server)}: paused (${mode})`);
    let order: ServerOrder = {
      kind: "pause",
      cluster,
      server,
      mode: mode === "all" ? 2 : 1,
      durationMs: maxMs,
    };
    for (;;) {
      const counts = await this.#ask(order, ANSWER_TIMEOUT_MS);
      const isOn = this.#pauses.get(keyOf(request)) === pause;
      const answer = { ...sumOf(counts, isOn), former_process: this.isFormerServing() };
      if (isPaused(answer) || !isOn || this.#realMs >= waitEndMs) return answer;
      order = { kind: "count", cluster, server };
      await new Promise<void>((resolve) => new Deadline(this.#clock, COUNT_INTERVAL_MS, resolve));
    }
  }

  /**
   * Lets requests go on, once connections are made; a cluster's with all its servers'.
   *
   * @returns Whether they wait all the same: a server's, as the whole cluster is paused.
   */
  async resume(cluster: string, server: string | null): Promise<{ paused: boolean }> {
    for (const [key, pause] of [...this.#pauses]) {
      const isMeant = pause.cluster === cluster && (server === null || pause.server === server);
      if (isMeant) this.#end(key, "Requests go on: an operator has resumed them");
    }
    await this.#ask({ kind: "resume", cluster, server }, RESUME_TIMEOUT_MS);
    const paused = [null, server].some((one) => this.#pauses.has(keyOf({ cluster, server: one })));
    return { paused };
  }

  /**
   * Takes up what an earlier process has kept, as far as a configuration has the servers, and has `keep` called with
   * every change from now on.
   */
  restore(settings: readonly ServerSetting[], config: Config, keep: KeepSettings): void {
    this.#keep = keep;
    const servers = serversOf(config);
    for (const setting of settings) {
      const { cluster, server, state, weight } = setting;
      const fields = { cluster, server, state, weight: weight ?? "" };
      if (servers.has(keyOf(setting))) {
        this.#settings.set(keyOf(setting), setting);
        this.#log.info("Server is as an operator has set it before the start", fields);
      } else {
        this.#log.warning("Server that an operator has set is not configured any more", fields);
      }
    }
  }

  /**
   * Takes a server out or in again, or gives it another weight.
   *
   * @returns What came of it.
   */
  async set(setting: ServerSetting): Promise<SettingResult> {
    this.#unkept += 1;
    try {
      return await this.#set(setting);
    } finally {
      this.#unkept -= 1;
    }
  }

  async #set(setting: ServerSetting): Promise<SettingResult> {
    const { cluster, server, state, weight } = setting;
    this.#settings.set(keyOf(setting), setting);
    this.#log.info("Server is set by an operator", {
      cluster,
      server,
      state,
      weight: weight ?? "",
    });
    this.#noted(
      cluster,
      `${server} is set to ${state}${weight === null ? "" : `, weight ${weight}`}`,
    );
    await this.#ask({ kind: "set", cluster, server, state, weight }, ANSWER_TIMEOUT_MS);
    const counts = await this.#ask({ kind: "count", cluster, server }, ANSWER_TIMEOUT_MS);
    return {
      in_flight: sumOf(counts, false).in_flight,
      is_kept: await this.#store(),
      former_process: this.isFormerServing(),
    };
  }

  /** What was made of a server by hand. */
  settingOf(cluster: string, server: string): ServerSetting {
    return this.#settings.get(keyOf({ cluster, server })) ??
      { cluster, server, state: "ready", weight: null };
  }

  /** Forgets what was ordered of clusters and servers that a configuration does not have. */
  keepOnly(config: Config): void {
    const { clusters } = config;
    const names = new Set(clusters.map(({ name }) => name));
    for (const [key, { cluster }] of this.#pauses) {
      if (!names.has(cluster)) this.#pauses.delete(key);
    }
    const servers = serversOf(config);
    const former = this.#settings.size;
    for (const key of this.#settings.keys()) if (!servers.has(key)) this.#settings.delete(key);
    if (this.#settings.size < former) this.#store();
  }

  /** What a worker has to know that starts now. */
  ordersFor(clusterNames: readonly string[]): ServerOrder[] {
    const settings = [...this.#settings.values()]
      .filter(({ cluster }) => clusterNames.includes(cluster))
      .map((setting): ServerOrder => ({ kind: "set", ...setting }));
    return [...settings, ...this.#pausesFor(clusterNames)];
  }

  #pausesFor(clusterNames: readonly string[]): ServerOrder[] {
    return [...this.#pauses.values()]
      .filter(({ cluster }) => clusterNames.includes(cluster))
      .map(({ cluster, server, mode, endMs }) => ({
        kind: "pause",
        cluster,
        server,
        mode: mode === "all" ? 2 : 1,
        durationMs: Math.max(0, endMs - this.#realMs),
      }));
  }

  /** How many pauses are on. */
  get pauseCount(): number {
    return this.#pauses.size;
  }

  /** Why no other process may take this one's place now, as it would not know what is ordered here; null: one may. */
  get hindrance(): string | null {
    // Clients of the other one would reach what is paused here, and nobody could resume those that wait here.
    if (this.#pauses.size > 0) return "requests are paused there: resume them first";
    return this.#unkept > 0 ? "a server is being set there: try again" : null;
  }

  /** The pauses of a cluster that are on. */
  pausesOf(name: string): PauseState[] {
    return [...this.#pauses.values()].filter(({ cluster }) => cluster === name)
      .map(({ server, mode, endMs }) => ({
        server,
        mode,
        endsInMs: Math.max(0, Math.round(endMs - this.#realMs)),
      }));
  }

  onTick(): boolean {
    for (const [key, { endMs }] of [...this.#pauses]) {
      if (this.#realMs >= endMs) this.#end(key, "Requests go on: the time of the pause is over");
    }
    return this.#pauses.size > 0;
  }

  get #realMs(): number {
    this.#clock.readNow();
    return this.#clock.realMs;
  }

  async #store(): Promise<boolean | null> {
    if (this.#keep === null) return null;
    const settings = [...this.#settings.values()];
    return await this.#keep(
      settings.filter(({ state, weight }) => state !== "ready" || weight !== null),
    );
  }

  #begin(request: PauseRequest): Pause {
    const pause = { ...request, endMs: this.#realMs + request.maxMs };
    this.#pauses.set(keyOf(request), pause);
    this.#clock.watch(this);
    return pause;
  }

  #end(key: string, message: string): void {
    const pause = this.#pauses.get(key);
    if (pause === undefined) return;
    this.#pauses.delete(key);
    this.#log.info(message, named(pause));
    this.#noted(pause.cluster, `requests go on${forServer(pause.server)}`);
  }

  /** The answers of the workers that serve clients of the cluster; null for one that is silent. */
  async #ask(order: ServerOrder, timeoutMs: number): Promise<(PauseCount | null)[]> {
    const serving = [...this.#workers()]
      .filter((worker) => worker.clusterNames.includes(order.cluster));
    // One that is starting has no clients yet, and was told only what was known when it began.
    for (const worker of serving) if (!worker.isListening) worker.tell(order);
    const listening = serving.filter((worker) => worker.isListening);
    return await Promise.all(listening.map((worker) => worker.order(order, timeoutMs)));
  }
}

function forServer(server: string | null): string {
  return server === null ? "" : ` for ${server}`;
}

function keyOf({ cluster, server }: Pick<PauseRequest, "cluster" | "server">): string {
  return `${cluster} ${server ?? ""}`;
}

/** The keys of all servers that a configuration has. */
function serversOf({ clusters }: Config): ReadonlySet<string> {
  return new Set(
    clusters.flatMap(({ name, servers }) =>
      servers.map(({ alias, address }) => keyOf({ cluster: name, server: alias ?? address }))
    ),
  );
}

function named({ cluster, server }: Pick<PauseRequest, "cluster" | "server">) {
  return server === null ? { cluster } : { cluster, server };
}

/** Whether requests wait and none is under way any more, as far as can be known. */
export function isPaused(answer: PauseAnswer): boolean {
  const { paused, in_flight, silent_workers, former_process } = answer;
  return paused && in_flight === 0 && silent_workers === 0 && !former_process;
}

function sumOf(
  counts: readonly (PauseCount | null)[],
  paused: boolean,
): Omit<PauseAnswer, "former_process"> {
  const sum = (field: "inFlight" | "transactions" | "blocked" | "subscribed") =>
    counts.reduce((total, count) => total + (count?.[field] ?? 0), 0);
  return {
    paused,
    in_flight: sum("inFlight"),
    transactions: sum("transactions"),
    blocked: sum("blocked"),
    subscribed: sum("subscribed"),
    silent_workers: counts.filter((count) => count === null).length,
  };
}
