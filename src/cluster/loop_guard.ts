/**
 * Knows the proxy when it meets itself: a connection to a backend that ends at a listener of this very process, and
 * leads from there back to the cluster that made it. What the file shows is refused at the start
 * (`config/loops.ts`); names, wildcards and nodes that a Redis Cluster announces show where they lead when they are
 * connected to.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Connection } from "../net/io_engine.ts";
import { comparableIp, isLoopback } from "../net/ip_address.ts";
import type { ListenerAddress } from "../worker/messages.ts";

/** The guard of one cluster in one worker. */
export class LoopGuard {
  readonly #cluster: string;
  #listeners: readonly ListenerAddress[] = [];
  #own = -1;
  /** One for each pair of clusters: whether the first was seen to lead to the second. */
  #leads: Uint8Array = new Uint8Array(0);

  /**
   * @param memory A byte for each pair of clusters, which all workers share.
   * @param listeners Of all clusters of the process, in one order in all workers.
   * @param cluster Name of the cluster whose connections to backends are looked at.
   */
  constructor(memory: SharedArrayBuffer, listeners: readonly ListenerAddress[], cluster: string) {
    this.#cluster = cluster;
    this.setListeners(memory, listeners);
  }

  /** Other clusters listen now; what was noted of the former is forgotten. */
  setListeners(memory: SharedArrayBuffer, listeners: readonly ListenerAddress[]): void {
    this.#leads = new Uint8Array(memory);
    this.#listeners = listeners;
    this.#own = listeners.findIndex(({ name }) => name === this.#cluster);
  }

  /** Whether a new connection to a backend leads back to the cluster. */
  isLoop(connection: Connection): boolean {
    const { local, peer } = connection;
    // Where a unix socket leads is told by its path alone, which the file shows.
    if (peer?.kind !== "tcp" || local?.kind !== "tcp") return false;
    const host = comparableIp(peer.hostname);
    // Linux gives a connection to one of its own addresses that address as its own end.
    if (!isLoopback(host) && host !== comparableIp(local.hostname)) return false;
    const reached = this.#listeners.findIndex(({ endpoint, tlsEndpoint }) =>
      takes(endpoint, host, peer.port) ||
      tlsEndpoint !== undefined && takes(tlsEndpoint, host, peer.port)
    );
    // Nothing leads to a cluster that does not listen any more.
    if (reached < 0 || this.#own < 0) return false;
    Atomics.store(this.#leads, this.#own * this.#listeners.length + reached, 1);
    return reached === this.#own || this.#leadsBack(reached);
  }

  #leadsBack(from: number): boolean {
    const count = this.#listeners.length;
    const seen = new Set([from]);
    for (const index of seen) {
      for (let to = 0; to < count; to++) {
        if (Atomics.load(this.#leads, index * count + to) === 0) continue;
        if (to === this.#own) return true;
        // A set is walked to its end, also what is added on the way.
        seen.add(to);
      }
    }
    return false;
  }
}

/**
 * Whether a connection to this machine's `host` and `port` ends at a listener. A listener's name may be any address.
 *
 * @param host In comparable form.
 */
function takes(listen: Endpoint, host: string, port: number): boolean {
  if (listen.kind !== "tcp" || listen.port !== port) return false;
  const own = comparableIp(listen.hostname.toLowerCase());
  if (own === "::") return true;
  if (own === "0.0.0.0") return !host.includes(":");
  return own === "localhost" ? isLoopback(host) : own === host;
}
