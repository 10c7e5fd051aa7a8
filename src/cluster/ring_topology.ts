/**
 * A sharded pool: a fixed list of servers in a ring; the leader pings them and ejects those that do not
 * answer.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { type HealthListener, HealthProbe } from "../backend/health.ts";
import { failures } from "../failure.ts";
import { PROFILES } from "../protocol/protocol.ts";
import { RingRouter } from "../router/ring_router.ts";
import type { SharedState } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";
import type { Topology } from "./topology.ts";

/** The backends of a `memcache` or `redis` cluster. */
export class RingTopology implements Topology, HealthListener {
  readonly router: RingRouter;
  readonly #cluster: ClusterContext;
  readonly #backends: BackendContext;
  readonly #ejected = new Set<string>();
  #probes: HealthProbe[] = [];

  constructor(cluster: ClusterContext, backends: BackendContext) {
    this.#cluster = cluster;
    this.#backends = backends;
    this.router = new RingRouter(cluster.config.servers, cluster.config, backends);
  }

  start(): void {}

  lead(): void {
    const { pingFailLimit, pingSuccIntervalMs, pingIntervalMs } = this.#cluster.config;
    if (pingFailLimit === 0 || this.#probes.length > 0) return;
    const options = {
      failLimit: pingFailLimit,
      healthyIntervalMs: pingSuccIntervalMs,
      ejectedIntervalMs: pingIntervalMs,
    };
    for (const backend of this.router.backends()) {
      const probe = new HealthProbe(backend, PROFILES[2].master, this.#backends, options, this);
      this.#probes.push(probe);
      probe.start(backend.isServing);
    }
  }

  follow(state: SharedState): void {
    if (state.kind !== "ejected") return;
    this.#ejected.clear();
    for (const address of state.addresses) this.#ejected.add(address);
    this.router.setEjected(this.#ejected);
  }

  refresh(): void {}

  backendUnreachable(): void {}

  healthChanged(backend: Backend, isHealthy: boolean): void {
    const { log, config, publish } = this.#cluster;
    const fields = { cluster: config.name, backend: backend.address };
    if (isHealthy) {
      this.#ejected.delete(backend.address);
      log.info("Backend returns to the ring: it answers pings again", fields);
    } else {
      this.#ejected.add(backend.address);
      this.#backends.metrics.ejections += 1;
      log.warning("Backend ejected from the ring: pings failed", {
        ...fields,
        failuresInRow: config.pingFailLimit,
      });
    }
    this.router.setEjected(this.#ejected);
    publish({ kind: "ejected", cluster: config.name, addresses: [...this.#ejected] });
  }

  stop(): void {
    for (const probe of this.#probes) probe.stop();
    this.#probes = [];
    for (const backend of this.router.backends()) backend.close(failures.shuttingDown);
  }
}
