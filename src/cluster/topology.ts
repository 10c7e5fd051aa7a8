/**
 * What a cluster's backends are and how they change: the part of a recipe that differs between a sharded pool
 * and a Redis Cluster.
 *
 * @module
 */
import type { Router } from "../router/router.ts";
import type { SharedState } from "../worker/messages.ts";

/** A router and what keeps it up to date. */
export interface Topology {
  readonly router: Router;
  /** Called when requests that waited for a map are to be shown again. */
  waitEnded: (() => void) | null;
  /** Begins whatever does not depend on leading; once. */
  start(): void;
  /** From now on this worker finds out for all workers of the cluster. */
  lead(): void;
  /** From now on another finds out; this one follows. */
  resign(): void;
  /** The cluster's settings have changed: goes over to what they say of its servers. */
  reconfigure(): void;
  /** Takes over what the leader found. */
  follow(state: SharedState): void;
  /** As leader: look again soon; `node`, by `host:port`, knows better than others. */
  refresh(node?: string): void;
  /** Looks again now; the result says whether it has, by now. */
  look(): () => boolean;
  /** Servers were paused, are about to go on, or go on. */
  pausesChanged(): void;
  /** Operators took servers out, or gave them other weights. */
  settingsChanged(): void;
  /**
   * A backend could not be connected to, or failed a request; `timesOut`: so many in a row by timeouts that it gets no
   * more for now. Seen by this worker, or by another one.
   *
   * @returns Whether the leader, which is another worker, is to be told.
   */
  backendUnreachable(address: string, timesOut: boolean): boolean;
  /** Ends timers and closes every backend connection. */
  stop(): void;
}
