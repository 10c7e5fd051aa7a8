/**
 * Listening sockets that came from outside, from a process that is taken over or from who starts this one, and the
 * clusters that listen by them.
 *
 * @module
 */
import type { ClusterConfig } from "../../config/config.ts";
import {
  type Endpoint,
  formatEndpoint,
  type GivenSocket,
  listenEndpoints,
} from "../../endpoint.ts";
import {
  AF_INET,
  AF_UNIX,
  SO_ACCEPTCONN,
  sockaddrLayout,
  SOL_SOCKET,
} from "../../net/epoll/libc.ts";
import { familyOf, NameLookup } from "../../net/epoll/name_lookup.ts";
import { unixAddress } from "../../net/epoll/socket_endpoint.ts";
import type { System } from "../../net/epoll/system.ts";
import type { SocketSource } from "../supervisor.ts";

/** A socket as it came. */
export interface ForeignSocket {
  readonly descriptor: number;
  /** Whether somebody outside holds it open, too, beyond the end of this process. */
  readonly isHeld: boolean;
}

/** One of them, and its number among all that came. */
interface NumberedSocket extends ForeignSocket {
  readonly number: number;
}

/** The sockets, until workers listen by them; those that are held also afterwards. */
export class GivenSockets implements SocketSource {
  readonly #system: System;
  /** Those that no cluster has. */
  #unclaimed: NumberedSocket[];
  /** By addresses of clusters. */
  readonly #claimed: Map<string, NumberedSocket[]> = new Map();

  /** @param sockets This object closes them. */
  constructor(
    system: System,
    sockets: readonly ForeignSocket[],
    clusters: readonly ClusterConfig[],
  ) {
    this.#system = system;
    this.#unclaimed = sockets.map((socket, number) => ({ ...socket, number }));
    const names = new NameLookup(system);
    for (const endpoint of clusters.flatMap(listenEndpoints)) {
      const address = endpoint.kind === "unix"
        ? unixAddress(endpoint.path)
        : names.toListen(endpoint.hostname, endpoint.port)[0];
      if (address !== undefined) this.#claim(formatEndpoint(endpoint), address);
    }
  }

  #claim(endpoint: string, address: Uint8Array): void {
    const isMeant = ({ descriptor }: NumberedSocket) =>
      this.#system.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) === 1 &&
      isSameAddress(this.#system.address(descriptor, false), address);
    const claimed = this.#unclaimed.filter(isMeant);
    if (claimed.length > 0) this.#claimed.set(endpoint, claimed);
    this.#unclaimed = this.#unclaimed.filter((socket) => !claimed.includes(socket));
  }

  /** Numbers of those that clusters have, in the order in which they came. */
  get taken(): number[] {
    return [...this.#claimed.values()].flat().map(({ number }) => number);
  }

  /** How many no cluster has. */
  get unclaimedCount(): number {
    return this.#unclaimed.length;
  }

  /** Whether a cluster that listens there does so by one of them. */
  has(endpoint: Endpoint): boolean {
    return this.#claimed.has(formatEndpoint(endpoint));
  }

  /** Who has more sockets than workers has each worker listen by several: nobody who waits at any is lost. */
  socketsFor(endpoint: Endpoint, rank: number, count: number): GivenSocket[] {
    const held = this.heldAt(endpoint);
    if (held.length > 0) return held;
    const claimed = this.#claimed.get(formatEndpoint(endpoint)) ?? [];
    return claimed.filter((_, index) => index % count === rank);
  }

  heldAt(endpoint: Endpoint): GivenSocket[] {
    return (this.#claimed.get(formatEndpoint(endpoint)) ?? []).filter(({ isHeld }) => isHeld);
  }

  /** All that are held, for a process that takes this one over. */
  held(): { readonly endpoint: string; readonly descriptor: number }[] {
    return [...this.#claimed].flatMap(([endpoint, sockets]) =>
      sockets.filter(({ isHeld }) => isHeld).map(({ descriptor }) => ({ endpoint, descriptor }))
    );
  }

  /** The workers listen: closes what they have descriptors of their own of, and what nobody wants. */
  settle(): void {
    this.#close(this.#unclaimed.splice(0));
    for (const [endpoint, sockets] of this.#claimed) {
      this.#close(sockets.filter(({ isHeld }) => !isHeld));
      this.#keep(endpoint, sockets.filter(({ isHeld }) => isHeld));
    }
  }

  /** Closes those of addresses where no cluster listens any more. */
  keepOnly(clusters: readonly ClusterConfig[]): void {
    const wanted = new Set(clusters.flatMap(listenEndpoints).map(formatEndpoint));
    for (const [endpoint, sockets] of this.#claimed) {
      if (wanted.has(endpoint)) continue;
      this.#close(sockets);
      this.#claimed.delete(endpoint);
    }
  }

  /** Closes all. */
  close(): void {
    this.settle();
    this.keepOnly([]);
  }

  #keep(endpoint: string, sockets: NumberedSocket[]): void {
    if (sockets.length > 0) this.#claimed.set(endpoint, sockets);
    else this.#claimed.delete(endpoint);
  }

  #close(sockets: readonly ForeignSocket[]): void {
    for (const { descriptor } of sockets) this.#system.close(descriptor);
  }
}

/** Whether two `sockaddr` are of one family, port and host, or of one path. */
function isSameAddress(one: Uint8Array, other: Uint8Array): boolean {
  if (familyOf(one) === AF_UNIX || familyOf(other) === AF_UNIX) {
    return one.length === other.length && one.every((byte, index) => byte === other[index]);
  }
  if (one.length !== other.length || one.length < sockaddrLayout.sizeIpv4) return false;
  const { port, ipv4, ipv6 } = sockaddrLayout;
  const [start, end] = familyOf(one) === AF_INET ? [ipv4, ipv4 + 4] : [ipv6, ipv6 + 16];
  const isAlike = (from: number, to: number) => {
    for (let index = from; index < to; index++) if (one[index] !== other[index]) return false;
    return true;
  };
  return isAlike(0, port + 2) && isAlike(start, end);
}
