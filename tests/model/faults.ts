/**
 * What goes wrong in a run, drawn by lot: faults of connections by the relays, faults of server
 * processes, and slots that move. Each loop ends with everything healed.
 *
 * @module
 */
import type { FaultRelay, LinkEnd, LinkWay } from "../support/servers/fault_relay.ts";
import { delay } from "../support/tools/poll.ts";
import { resetBeforeAccept } from "../support/clients/unaccepted_connections.ts";
import type { Random } from "../support/tools/seed.ts";

/** How often each kind of fault happened. */
export class FaultCounts {
  readonly byKind = new Map<string, number>();

  add(kind: string): void {
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  get sum(): number {
    return [...this.byKind.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** A server process that can be stopped and killed. */
export interface FaultyServer {
  pause(): Promise<void>;
  resume(): void;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Times of a run, in milliseconds. */
export interface FaultTimes {
  /** The proxy's `read_timeout`: stalls last from a fraction of it to a multiple. */
  readonly readTimeoutMs: number;
  /** Longest pause between two faults of one relay. */
  readonly pauseMaxMs: number;
}

const WAYS: readonly LinkWay[] = ["requests", "replies"];
const ENDS: readonly LinkEnd[] = ["end", "reset"];
/** Processor time that the proxy has between two of its pauses, milliseconds, while it has something to do. */
const WORKED_LEAST_MS = 200;
/** Clients that reset at a time. */
const RESETS_MAX = 100;
/** Cuts fall within this many bytes. */
const CUT_BYTES_MAX = 30_000;

type RelayFault = readonly [
  name: string,
  weight: number,
  run: (fault: FaultContext) => void | Promise<void>,
];

interface FaultContext {
  readonly relay: FaultRelay;
  readonly random: Random;
}

/** Faults that begin at once; lasting ones end when the relay is healed. */
const RELAY_FAULTS: readonly RelayFault[] = [
  ["end", 3, ({ relay, random }) => relay.endAll(random.pick(ENDS))],
  ["cut replies", 6, (fault) => cut(fault, "replies")],
  ["cut requests", 4, (fault) => cut(fault, "requests")],
  ["stall replies", 4, ({ relay }) => relay.hold("replies")],
  ["stall requests", 3, ({ relay }) => relay.hold("requests")],
  ["stall both", 1, ({ relay }) => WAYS.forEach((way) => relay.hold(way))],
  ["stop reading", 2, ({ relay }) => relay.stopReading()],
  ["chop", 4, ({ relay, random }) => relay.chop(random.between(1, 40))],
  ["drop", 2, ({ relay, random }) => {
    relay.drop();
    relay.endAll(random.pick(ENDS));
  }],
  ["stall, then end", 2, async ({ relay, random }) => {
    relay.hold(random.pick(WAYS));
    await delay(random.between(1, 400));
    relay.endAll(random.pick(ENDS));
  }],
];

function cut({ relay, random }: FaultContext, way: LinkWay): void {
  relay.cut(
    way,
    () => random.between(1, random.chance(0.5) ? 200 : CUT_BYTES_MAX),
    random.pick(ENDS),
  );
}

/** Lets one relay misbehave until `isOver`, then heals it. */
export async function disturbRelay(
  relay: FaultRelay,
  random: Random,
  times: FaultTimes,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  const weights = RELAY_FAULTS.reduce((sum, [, weight]) => sum + weight, 0);
  while (!isOver()) {
    await delay(random.between(5, times.pauseMaxMs));
    if (random.chance(0.08)) {
      counts.add("refuse");
      await relay.refuse();
      relay.endAll(random.pick(ENDS));
    } else {
      let ticket = random.below(weights);
      const [name, , run] = RELAY_FAULTS.find(([, weight]) => (ticket -= weight) < 0)!;
      counts.add(name);
      await run({ relay, random });
    }
    await delay(faultDuration(random, times));
    await relay.heal();
  }
}

/**
 * Most faults pass before a timeout, some outlast one, or the silence after which a connection is
 * closed.
 */
function faultDuration(random: Random, times: FaultTimes): number {
  const { readTimeoutMs } = times;
  if (random.chance(0.6)) return random.between(1, Math.round(readTimeoutMs * 0.7));
  return random.between(readTimeoutMs, Math.round(readTimeoutMs * 2.6));
}

/** What a run does to its server processes. */
export interface ServerFaults {
  readonly servers: readonly FaultyServer[];
  /** Longest pause between two faults, in milliseconds. */
  readonly pauseMaxMs: number;
  /** Keeps faults of one kind away from others, such as kills from moving slots. */
  readonly exclusively: <Result>(action: () => Promise<Result>) => Promise<Result>;
  /** A server is about to lose its data, or has lost it: called before and after. */
  readonly lostData: (() => void) | null;
}

/** Stops, kills and restarts servers until `isOver`; then all run. */
export async function disturbServers(
  faults: ServerFaults,
  random: Random,
  times: FaultTimes,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await delay(random.between(100, faults.pauseMaxMs));
    if (isOver()) return;
    const server = random.pick(faults.servers);
    await faults.exclusively(async () => {
      if (random.chance(0.6)) {
        counts.add("SIGSTOP");
        await server.pause();
        await delay(faultDuration(random, times));
        server.resume();
        return;
      }
      counts.add("SIGKILL");
      faults.lostData?.();
      await server.kill();
      faults.lostData?.();
      await delay(random.between(0, 400));
      await server.start();
    });
  }
}

/** Longest time for which {@link pauseProxy} stops the proxy, milliseconds. */
export function stopMaxMs(readTimeoutMs: number): number {
  return Math.round(readTimeoutMs * 2.6);
}

/** Stops the proxy itself for longer than its `read_timeout`, and lets it go on, until `isOver`. */
export async function pauseProxy(
  proxy: Pick<FaultyServer, "pause" | "resume"> & { worked(leastMs: number): Promise<void> },
  random: Random,
  times: FaultTimes,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  const { pauseMaxMs, readTimeoutMs } = times;
  while (!isOver()) {
    await delay(random.between(20, pauseMaxMs));
    // On a busy machine it would stand still all the time, and its clients wait in vain.
    await proxy.worked(WORKED_LEAST_MS);
    if (isOver()) return;
    counts.add("SIGSTOP of the proxy");
    await proxy.pause();
    await delay(random.between(readTimeoutMs, stopMaxMs(readTimeoutMs)));
    proxy.resume();
  }
}

/** Clients that reset at once, as health checks of load balancers do, many of them before they are accepted. */
export async function resetClients(
  port: number,
  random: Random,
  counts: FaultCounts,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await delay(random.between(50, 600));
    counts.add("reset clients");
    resetBeforeAccept(port, random.between(1, RESETS_MAX));
  }
}

/** Runs actions one after the other. */
export function createExclusion(): ServerFaults["exclusively"] {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const result = last.then(action);
    last = result.catch(() => {});
    return result;
  };
}
