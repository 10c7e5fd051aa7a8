/**
 * Routes keys over a ring of servers. An ejected server leaves the ring and comes back; each change builds
 * another ring and raises the epoch.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { ServerConfig } from "../config/config.ts";
import { type Failure, failures } from "../failure.ts";
import { type Profile, PROFILES } from "../protocol/protocol.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import { buildRing, type Ring, type RingOptions } from "./ring.ts";
import { Redirection, type RedirectionCode, type Router, type ScriptListener } from "./router.ts";
import { SERVER_NUMBER_MAX } from "./server_numbers.ts";

/** A sharded pool. Its places are the positions of the servers in the configuration. */
export class RingRouter implements Router {
  epoch = 1;
  scriptListener: ScriptListener | null = null;
  profile: Profile = PROFILES[2].master;
  readonly unplaced: Failure = failures.noBackend;
  readonly #servers: readonly ServerConfig[];
  readonly #options: RingOptions;
  readonly #backends: readonly Backend[];
  #ring: Ring;

  constructor(servers: readonly ServerConfig[], options: RingOptions, context: BackendContext) {
    this.#servers = servers;
    this.#options = options;
    this.#backends = servers.map((server) => new Backend(server, context));
    this.#ring = buildRing(servers, options);
  }

  place(bytes: Uint8Array, start: number, end: number): number {
    return this.#ring.serverOfKey(bytes, start, end);
  }

  anyPlace(): number {
    return this.#ring.serverOf(0);
  }

  backendAt(place: number, _isRead: boolean, client: RoutedClient): Backend | null {
    this.profile = client.profiles.master;
    return this.#backends[place]!;
  }

  backends(): readonly Backend[] {
    return this.#backends;
  }

  shards(): readonly Backend[] {
    return this.#backends.filter((backend) => backend.isServing);
  }

  allShards(): readonly Backend[] {
    return this.#backends;
  }

  numberedShards(): readonly (Backend | null)[] | null {
    if (this.#backends.length > SERVER_NUMBER_MAX) return null;
    return [null, ...this.#backends.map((backend) => backend.isServing ? backend : null)];
  }

  onErrorReply(_exchange: Exchange, _bytes: Uint8Array, _start: number, _end: number): boolean {
    return false;
  }

  readonly asked = null;

  learn(): RedirectionCode {
    return Redirection.None;
  }

  /**
   * Takes exactly the servers with these addresses out of the ring. What was not sent to one that leaves
   * fails at once and is never sent elsewhere: a later ring may hold other data under its keys.
   *
   * @returns Addresses that have just left.
   */
  setEjected(addresses: ReadonlySet<string>): string[] {
    const left: Backend[] = [];
    let hasChanged = false;
    for (const backend of this.#backends) {
      const isServing = !addresses.has(backend.address);
      if (isServing === backend.isServing) continue;
      hasChanged = true;
      backend.isServing = isServing;
      if (isServing) backend.recovered();
      else left.push(backend);
    }
    if (!hasChanged) return [];
    const isLive = (server: number) => this.#backends[server]!.isServing;
    this.#ring = buildRing(this.#servers, this.#options, isLive);
    this.epoch += 1;
    for (const backend of left) backend.failUnsent(failures.backendEjected);
    return left.map((backend) => backend.address);
  }
}
