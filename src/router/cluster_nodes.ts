/**
 * The nodes of a Redis Cluster that the proxy has to do with: those of the slot map, and those that redirections name.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { Watched } from "../clock.ts";
import { formatEndpoint, type TcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import type { ClusterDialect } from "../protocol/redirect.ts";

/** Backends known at once; more in redirections and maps are not connected to. */
export const BACKENDS_MAX = 4_096;
/**
 * How often backends outside the map are looked at, milliseconds. Those unused since the last look are let
 * go: not sooner, since a node that imports its first slot is in no map and still takes requests behind ASK.
 */
export const SWEEP_INTERVAL_MS = 1_000;

/** Backends by their addresses. Those outside the map are let go when nobody uses them. */
export class ClusterNodes implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #dialect: ClusterDialect;
  readonly #mappedAddresses: () => ReadonlySet<string>;
  readonly #backends = new Map<string, Backend>();
  /** Backends outside the map, with the number of their requests when they were last looked at. */
  readonly #unmapped = new Map<Backend, number>();
  #sweepAtMs = 0;

  /** @param mappedAddresses The addresses of the map in use. */
  constructor(
    context: BackendContext,
    dialect: ClusterDialect,
    mappedAddresses: () => ReadonlySet<string>,
  ) {
    this.#context = context;
    this.#dialect = dialect;
    this.#mappedAddresses = mappedAddresses;
  }

  /** All of them. */
  all(): Iterable<Backend> {
    return this.#backends.values();
  }

  /** The one with this address if there is one already. */
  known(address: string): Backend | undefined {
    return this.#backends.get(address);
  }

  /** The one with this address, as maps write it; null where it is none, or cannot be one more. */
  named(address: string): Backend | null {
    const known = this.#backends.get(address);
    if (known !== undefined) return known;
    const parsed = this.#dialect.parseAddress(address);
    return parsed === null ? null : this.at(parsed);
  }

  /** The one that is there; null where it cannot be one more. */
  at(endpoint: TcpEndpoint): Backend | null {
    const known = this.#backends.get(formatEndpoint(endpoint));
    if (known !== undefined) return known;
    if (this.#backends.size >= BACKENDS_MAX) return null;
    const backend = new Backend({ endpoint }, this.#context);
    this.#backends.set(backend.address, backend);
    this.watch();
    return backend;
  }

  /** Some may have left the map. */
  watch(): void {
    this.#context.clock.watch(this);
  }

  onTick(nowMs: number): boolean {
    if (nowMs < this.#sweepAtMs) return true;
    this.#sweepAtMs = nowMs + SWEEP_INTERVAL_MS;
    this.#sweep();
    return this.#unmapped.size > 0;
  }

  /** Closes every connection. */
  close(failure: Failure): void {
    for (const backend of this.#backends.values()) backend.close(failure);
  }

  /** Whether nothing was sent there since the last look; pings of one that gets no requests are not meant. */
  #isUnused(backend: Backend): boolean {
    const requests = this.#unmapped.get(backend);
    return requests === backend.requests || (requests !== undefined && backend.barredBy !== null);
  }

  /** Lets go of backends outside the map that owe nothing and were not used since the last look. */
  #sweep(): void {
    const mapped = this.#mappedAddresses();
    for (const backend of this.#backends.values()) {
      if (mapped.has(backend.address)) {
        this.#unmapped.delete(backend);
      } else if (backend.isIdle && this.#isUnused(backend)) {
        this.#unmapped.delete(backend);
        this.#backends.delete(backend.address);
        backend.close(failures.backendRemoved);
      } else {
        this.#unmapped.set(backend, backend.requests);
      }
    }
  }
}
