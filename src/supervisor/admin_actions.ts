/**
 * What operators may order over HTTP: the requests by `POST`, read from the address, and their answers in JSON.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../config/config.ts";
import {
  isPaused,
  type OperatorOrders,
  PAUSE_DEFAULT_MS,
  PAUSE_MAX_MS,
  type PauseModeName,
} from "./operator_orders.ts";
import type { ReloadOptions, ReloadResult, ReloadState } from "./reloader.ts";

/** What the orders are for. */
export interface ActionTarget {
  readonly config: Config;
  readonly orders: OperatorOrders;
  /** Addresses of the servers that a cluster knows, those it has found included. */
  serversOf(cluster: string): Promise<readonly string[]>;
  /** Null: the configuration did not come from a file. */
  reloader: ReloadSource | null;
  /** Number of the process that is about to take this one over, or has; 0: there is none. */
  readonly heirPid: number;
}

/** What reads the configuration again. */
export interface ReloadSource {
  /** How the last reload went. */
  readonly state: ReloadState;
  reload(options: ReloadOptions): Promise<ReloadResult>;
}

/** An answer: its status and what it says. */
export interface ActionAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A request that cannot be carried out, and why. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Action = (target: ActionTarget, asked: Asked) => Promise<ActionAnswer>;

const actions = new Map<string, Action>([
  ["/pause", pause],
  ["/resume", resume],
  ["/reload", reload],
  ["/server/state", setState],
]);

const STATES = ["ready", "drain", "maint"] as const;
/** As in the configuration. */
const WEIGHT_MAXIMUM = 65_535;

/** The paths that take `POST`. */
export const ACTION_PATHS: readonly string[] = [...actions.keys()];

/** Carries out what `url` asks for; null where there is no such action. */
export async function act(target: ActionTarget, url: URL): Promise<ActionAnswer | null> {
  const action = actions.get(url.pathname);
  if (action === undefined) return null;
  try {
    const asked = new Asked(url.searchParams);
    return await action(target, asked);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: { error: error.message } };
  }
}

async function pause(target: ActionTarget, asked: Asked): Promise<ActionAnswer> {
  const mode = asked.oneOf("mode", ["all", "write"], "all") as PauseModeName;
  const maxMs = asked.duration("max", PAUSE_DEFAULT_MS, PAUSE_MAX_MS);
  const { cluster, server } = await readServer(target, asked);
  asked.end();
  refuseForHeir(target);
  const answer = await target.orders.pause({ cluster, server, mode, maxMs });
  return { status: isPaused(answer) ? 200 : 409, body: answer };
}

async function resume(target: ActionTarget, asked: Asked): Promise<ActionAnswer> {
  const { cluster, server } = await readServer(target, asked);
  asked.end();
  const answer = await target.orders.resume(cluster, server);
  return { status: answer.paused ? 409 : 200, body: answer };
}

async function setState(target: ActionTarget, asked: Asked): Promise<ActionAnswer> {
  const config = readCluster(target.config.clusters, asked.text("cluster"));
  const name = asked.text("server");
  const said = asked.text("state");
  const weightText = asked.text("weight");
  const isForced = asked.flag("force");
  asked.end();
  if (config.type === "redis_cluster") {
    throw new Refusal(409, "a Redis Cluster itself says which of its nodes serve which keys");
  }
  if (name === null) throw new Refusal(400, "server is missing");
  const label = ({ alias, address }: ClusterConfig["servers"][number]) => alias ?? address;
  const server = config.servers.find((one) => one.alias === name || one.address === name);
  if (server === undefined) {
    throw new Refusal(404, `cluster "${config.name}" has no server "${name}"`);
  }
  if (said === null && weightText === null) throw new Refusal(400, "state or weight is missing");
  const { orders } = target;
  const stateOf = (one: typeof server) => orders.settingOf(config.name, label(one)).state;
  const state = said === null ? stateOf(server) : STATES.find((one) => one === said);
  if (state === undefined) throw new Refusal(400, `state: expected ${STATES.join(" or ")}`);
  const weight = readWeight(weightText, orders.settingOf(config.name, label(server)).weight);
  const hasOther = config.servers.some((one) => one !== server && stateOf(one) === "ready");
  if (state !== "ready" && !hasOther && !isForced) {
    throw new Refusal(409, "no other server of the cluster is ready: say force=1 if that is meant");
  }
  const setting = { cluster: config.name, server: label(server), state, weight };
  refuseForHeir(target);
  const { in_flight, is_kept, former_process } = await orders.set(setting);
  const kept = is_kept === null ? {} : { kept: is_kept };
  const body = { state, weight: weight ?? server.weight, in_flight, ...kept, former_process };
  return { status: 200, body };
}

/** `config` gives the configuration's weight back. */
function readWeight(text: string | null, former: number | null): number | null {
  if (text === null) return former;
  if (text === "config") return null;
  const weight = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (weight >= 1 && weight <= WEIGHT_MAXIMUM) return weight;
  throw new Refusal(400, `weight: expected 1 to ${WEIGHT_MAXIMUM}, or config`);
}

async function reload(target: ActionTarget, asked: Asked): Promise<ActionAnswer> {
  const isDryRun = asked.flag("dry_run");
  const isForced = asked.flag("force");
  asked.end();
  if (target.reloader === null) {
    throw new Refusal(409, "there is no file to reload: the proxy runs inside another program");
  }
  if (!isDryRun) refuseForHeir(target);
  const { isApplied, changes, moved, problems } = await target.reloader.reload({
    isDryRun,
    isForced,
  });
  const body = { applied: isApplied, dry_run: isDryRun, changes, moved, problems };
  return { status: problems.length === 0 ? 200 : 409, body };
}

/** What is ordered while another process takes over would be lost: that one has asked already what there is. */
function refuseForHeir({ heirPid }: ActionTarget): void {
  if (heirPid === 0) return;
  throw new Refusal(409, `process ${heirPid} takes over: order it there when it serves`);
}

async function readServer(
  target: ActionTarget,
  asked: Asked,
): Promise<{ cluster: string; server: string | null }> {
  const config = readCluster(target.config.clusters, asked.text("cluster"));
  const name = asked.text("server");
  if (name === null) return { cluster: config.name, server: null };
  const known = config.servers.find(({ alias, address }) => alias === name || address === name);
  if (known !== undefined) return { cluster: config.name, server: known.alias ?? known.address };
  const found = await target.serversOf(config.name);
  if (found.includes(name)) return { cluster: config.name, server: name };
  throw new Refusal(404, `cluster "${config.name}" has no server "${name}"`);
}

/** The only cluster need not be named. */
function readCluster(clusters: readonly ClusterConfig[], name: string | null): ClusterConfig {
  if (name === null && clusters.length === 1) return clusters[0]!;
  if (name === null) throw new Refusal(400, "cluster is missing");
  const known = clusters.find((one) => one.name === name);
  if (known === undefined) throw new Refusal(404, `there is no cluster "${name}"`);
  return known;
}

/** The parameters of one request; each may stand once, and none may be left unread. */
class Asked {
  readonly #values: URLSearchParams;
  readonly #unread: Set<string>;

  constructor(values: URLSearchParams) {
    this.#values = values;
    this.#unread = new Set(values.keys());
  }

  text(name: string): string | null {
    this.#unread.delete(name);
    const values = this.#values.getAll(name);
    if (values.length > 1) throw new Refusal(400, `${name} is given more than once`);
    if (values[0] === "") throw new Refusal(400, `${name} is empty`);
    return values[0] ?? null;
  }

  oneOf(name: string, words: readonly string[], otherwise: string): string {
    const word = this.text(name) ?? otherwise;
    if (words.includes(word)) return word;
    throw new Refusal(400, `${name}: expected ${words.join(" or ")}`);
  }

  flag(name: string): boolean {
    return this.oneOf(name, ["1", "0"], "0") === "1";
  }

  /** A time such as `10s`, `1500ms` or `2m`, in milliseconds. */
  duration(name: string, otherwiseMs: number, maxMs: number): number {
    const text = this.text(name);
    if (text === null) return otherwiseMs;
    const [, digits, unit] = /^(\d{1,9})(ms|s|m)$/.exec(text) ?? [];
    const durationMs = Number(digits) * (unit === "m" ? 60_000 : unit === "s" ? 1_000 : 1);
    if (durationMs >= 1 && durationMs <= maxMs) return durationMs;
    throw new Refusal(400, `${name}: expected 1ms to ${maxMs / 1000}s, such as 10s`);
  }

  end(): void {
    for (const name of this.#unread) throw new Refusal(400, `unknown parameter "${name}"`);
  }
}
