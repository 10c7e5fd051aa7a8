/**
 * A sharded pool: the configuration's list of servers in a ring; the leader pings them and ejects those that do not
 * answer.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { Watched } from "../clock.ts";
import { type HealthListener, type HealthOptions, HealthProbe } from "../backend/health.ts";
import { failures } from "../failure.ts";
import { PROFILES } from "../protocol/protocol.ts";
import { RingRouter } from "../router/ring_router.ts";
import type { SharedState } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";
import type { Topology } from "./topology.ts";

/** How long a backend that left is looked after: who waited there may have something to say, milliseconds. */
export const LEAVING_MS = 10_000;

/** Signs that a server fails are heeded once in this time, milliseconds: each may be a ping, or a word to the leader. */
const SIGN_SPACING_MS = 50;

/** In this time a ring of more than {@link SMALL_RING_SERVERS} is made once, however many servers go or come; ms. */
export const CHANGES_SPACING_MS = 50;
/** A ring of so many servers is made anew for each change: that costs next to nothing. */
export const SMALL_RING_SERVERS = 64;

interface LeavingBackend {
  readonly backend: Backend;
  readonly leaveAtMs: number;
}

/** The backends of a `memcache` or `redis` cluster. */
export class RingTopology implements Topology, HealthListener, Watched {
  readonly router: RingRouter;
  waitEnded = null;
  readonly #cluster: ClusterContext;
  readonly #backends: BackendContext;
  readonly #ejected = new Set<string>();
  /** Servers were ejected or came back, and the ring does not have that yet. */
  #hasChanges = false;
  /** When the ring was changed for that last, milliseconds. */
  #ejectedAtMs = -Infinity;
  /** The pings of the servers, by address; two servers may have one. */
  readonly #probes = new Map<string, Map<Backend, HealthProbe>>();
  /** What they keep to. */
  #probedBy = "";
  /** When signs of failure were heeded last, by address, milliseconds. */
  readonly #signs = new Map<string, number>();
  #isLeader = false;
  /** Backends that a reload took out, until their last replies are in. */
  #leaving: LeavingBackend[] = [];
  isWatched = false;

  constructor(cluster: ClusterContext, backends: BackendContext) {
    this.#cluster = cluster;
    this.#backends = backends;
    this.#forgetSettings();
    this.router = new RingRouter(cluster.config.servers, cluster.config, backends);
  }

  start(): void {}

  lead(): void {
    this.#isLeader = true;
    this.#arrangeProbes();
  }

  resign(): void {
    this.#isLeader = false;
    this.#stopProbes();
  }

  reconfigure(): void {
    const { config, clock } = this.#cluster;
    this.#forgetSettings();
    const left = this.router.setServers(config.servers);
    const kept = new Set(this.router.backends());
    const leaveAtMs = clock.nowMs + LEAVING_MS;
    this.#leaving = this.#leaving.filter(({ backend }) => !kept.has(backend));
    for (const backend of left) this.#leaving.push({ backend, leaveAtMs });
    const addresses = new Set(config.servers.map(({ address }) => address));
    this.#signs.clear();
    const ejectedCount = this.#ejected.size;
    for (const address of this.#ejected) {
      // One that nobody pings would never come back.
      if (config.pingFailLimit === 0 || !addresses.has(address)) this.#ejected.delete(address);
    }
    this.router.setEjected(this.#ejected);
    // Workers that start later must not take it for ejected when its server is back in the file.
    if (this.#isLeader && this.#ejected.size < ejectedCount) this.#publish();
    if (this.#leaving.length > 0) clock.watch(this);
    this.#arrangeProbes();
  }

  /** What was made by hand of servers that the configuration does not have any more. */
  #forgetSettings(): void {
    const { servers } = this.#cluster.config;
    const names = servers.map(({ alias, address }) => alias ?? address);
    this.#backends.orders.keepSettings(new Set(names));
  }

  onTick(nowMs: number): boolean {
    if (this.#hasChanges) this.#takeUpChanges();
    this.#leaving = this.#leaving.filter(({ backend, leaveAtMs }) => {
      if (!backend.isIdle) return true;
      backend.close(failures.shuttingDown);
      return nowMs < leaveAtMs;
    });
    return this.#leaving.length > 0;
  }

  /** Pings those that are to be pinged, and no others; of very many servers most go on as they were. */
  #arrangeProbes(): void {
    const { pingFailLimit, pingSuccIntervalMs, pingIntervalMs } = this.#cluster.config;
    const options = {
      failLimit: pingFailLimit,
      healthyIntervalMs: pingSuccIntervalMs,
      ejectedIntervalMs: pingIntervalMs,
    };
    const keptTo = JSON.stringify([options, this.#backends.limits]);
    if (keptTo !== this.#probedBy) this.#stopProbes();
    this.#probedBy = keptTo;
    const isOn = this.#isLeader && pingFailLimit > 0;
    const wanted = new Set(
      isOn ? this.router.backends().filter((one) => this.#isPinged(one)) : [],
    );
    for (const [address, probes] of this.#probes) {
      for (const [backend, probe] of probes) {
        if (wanted.delete(backend)) continue;
        probe.stop();
        probes.delete(backend);
      }
      if (probes.size === 0) this.#probes.delete(address);
    }
    for (const backend of wanted) this.#startProbe(backend, options);
  }

  #isPinged({ name }: Backend): boolean {
    const { orders } = this.#backends;
    // A server that is paused may be away for a while: that is no reason to eject it.
    return !orders.mayBeAway(name) && orders.settingOf(name).state !== "maint";
  }

  #startProbe(backend: Backend, options: HealthOptions): void {
    const { address, ejections: flaps } = backend;
    const own = { ...options, flaps };
    const probe = new HealthProbe(backend, PROFILES[2].master, this.#backends, own, this);
    const probes = this.#probes.get(address) ?? new Map<Backend, HealthProbe>();
    this.#probes.set(address, probes.set(backend, probe));
    probe.start(!this.#ejected.has(address));
  }

  follow(state: SharedState): void {
    if (state.kind !== "ejected") return;
    this.#ejected.clear();
    for (const address of state.addresses) this.#ejected.add(address);
    this.router.setEjected(this.#ejected);
  }

  refresh(): void {}

  look(): () => boolean {
    return () => true;
  }

  settingsChanged(): void {
    this.router.takeUpOrders(this.#ejected);
    this.pausesChanged();
  }

  pausesChanged(): void {
    this.#arrangeProbes();
  }

  backendUnreachable(address: string, timesOut: boolean): boolean {
    if (this.#cluster.config.pingFailLimit === 0) return false;
    const { clock } = this.#cluster;
    clock.readNow();
    const isHeeded = clock.nowMs - (this.#signs.get(address) ?? -Infinity) < SIGN_SPACING_MS;
    if (isHeeded && !timesOut) return false;
    this.#signs.set(address, clock.nowMs);
    if (!this.#isLeader) return true;
    for (const probe of this.#probes.get(address)?.values() ?? []) {
      if (timesOut) probe.condemn();
      else probe.hurry();
    }
    return false;
  }

  isDispensable(backend: Backend): boolean {
    if (this.#cluster.config.eject === "fail") return false;
    return this.router.backends().some((other) => other !== backend && other.isServing);
  }

  healthChanged(backend: Backend, isHealthy: boolean, timesOut: boolean): void {
    const { log, config } = this.#cluster;
    const fields = { cluster: config.name, backend: backend.address };
    if (isHealthy) {
      this.#ejected.delete(backend.address);
      log.info("Backend returns to the ring: it answers pings again", fields);
    } else {
      this.#ejected.add(backend.address);
      this.#backends.metrics.ejections += 1;
      const reason = timesOut ? "requests time out" : "pings failed";
      log.warning(`Backend ejected from the ring: ${reason}`, {
        ...fields,
        eject: config.eject,
        failuresInRow: timesOut ? config.circuitTimeouts : config.pingFailLimit,
        notBeforeMs: backend.ejections.holdMs,
      });
    }
    const { clock } = this.#cluster;
    const isSoon = clock.nowMs - this.#ejectedAtMs < CHANGES_SPACING_MS;
    // A wide ring takes a while to be made: when a network fails it is made once for all servers that it cuts off.
    if (isSoon && this.router.backends().length > SMALL_RING_SERVERS) {
      this.#hasChanges = true;
      clock.watch(this);
    } else this.#takeUpChanges();
  }

  #takeUpChanges(): void {
    this.#hasChanges = false;
    this.#ejectedAtMs = this.#cluster.clock.nowMs;
    this.router.setEjected(this.#ejected);
    this.#publish();
  }

  #publish(): void {
    const { config, publish } = this.#cluster;
    publish({ kind: "ejected", cluster: config.name, addresses: [...this.#ejected] });
  }

  stop(): void {
    this.#stopProbes();
    this.router.close();
    const leaving = this.#leaving.map(({ backend }) => backend);
    for (const backend of [...this.router.backends(), ...leaving]) {
      backend.close(failures.shuttingDown);
    }
    this.#leaving = [];
  }

  #stopProbes(): void {
    for (const probes of this.#probes.values()) {
      for (const probe of probes.values()) probe.stop();
    }
    this.#probes.clear();
  }
}
