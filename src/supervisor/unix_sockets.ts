/**
 * The unix sockets of a process, as far as they are the main thread's: whether they are free, and, on epoll, the sockets
 * themselves, by which all workers listen. On Deno's sockets a worker opens its own.
 *
 * @module
 */
import type { ClusterConfig, IoChoice } from "../config/config.ts";
import { type Endpoint, formatEndpoint, type GivenSocket, type UnixEndpoint } from "../endpoint.ts";
import { placeSocket as placeByDeno } from "../net/deno/unix_listen.ts";
import { openLibc } from "../net/epoll/libc.ts";
import { System } from "../net/epoll/system.ts";
import {
  clearAside,
  isServed,
  listenAside,
  placeSocket,
  removeSocketFile,
} from "../net/epoll/unix_listen.ts";
import { StartError } from "./start_error.ts";
import type { SocketSource } from "./supervisor.ts";
import { describeBindFailure } from "./trial_bind.ts";
import { clearAbandoned, isServedAt, unixFault } from "../net/deno/unix_trial.ts";

/** What the main thread does for the unix sockets of a process. */
export interface UnixSockets {
  /** What workers listen by, these sockets and those that came from elsewhere; null: each opens its own. */
  readonly source: SocketSource | null;
  /** Why nobody can listen there; null: nothing is known to hinder it. */
  fault(endpoint: UnixEndpoint): Promise<string | null>;
  /** Whether somebody listens there. */
  isServed(endpoint: UnixEndpoint): Promise<boolean>;
  /**
   * Makes ready what clusters will listen by; nobody finds it yet.
   *
   * @throws {StartError} Naming each socket that cannot be had, its owner and the reason; nothing new is left open.
   */
  open(clusters: readonly ClusterConfig[]): Promise<void>;
  /**
   * The workers listen: has everybody find them from now on.
   *
   * @returns What could not be done, one sentence each.
   */
  place(clusters: readonly ClusterConfig[]): string[];
  /** Closes the others, and removes what leads to them. The workers do not listen there any more. */
  keepOnly(clusters: readonly ClusterConfig[]): void;
}

/**
 * The unix sockets of this process.
 *
 * @param isTakeover Whether workers leave it to the main thread to have their sockets found.
 * @param others Sockets that came from elsewhere, or null.
 */
export function createUnixSockets(
  io: IoChoice,
  isTakeover: boolean,
  others: (SocketSource & { has(endpoint: Endpoint): boolean }) | null,
): UnixSockets {
  return io.engine === "epoll" && others !== null
    ? new SharedUnixSockets(new System(openLibc(io.libcPath)), others)
    : new WorkersUnixSockets(isTakeover);
}

/** Those that workers open: on Deno's sockets. */
class WorkersUnixSockets implements UnixSockets {
  readonly source = null;
  /** Whether the workers' sockets wait aside. */
  #isWaiting: boolean;

  constructor(isTakeover: boolean) {
    this.#isWaiting = isTakeover;
  }

  fault(endpoint: UnixEndpoint): Promise<string | null> {
    return unixFault(endpoint);
  }

  isServed({ path }: UnixEndpoint): Promise<boolean> {
    return isServedAt(path);
  }

  async open(clusters: readonly ClusterConfig[]): Promise<void> {
    for (const { path } of unixEndpoints(clusters)) await clearAbandoned(path);
  }

  place(clusters: readonly ClusterConfig[]): string[] {
    if (!this.#isWaiting) return [];
    this.#isWaiting = false;
    return placeAll(clusters, placeByDeno);
  }

  keepOnly(): void {}
}

/** One socket of {@link SharedUnixSockets}. */
interface SharedSocket {
  readonly path: string;
  readonly mode: number;
  readonly descriptor: number;
  isPlaced: boolean;
}

/** Those that all workers listen by: on epoll. */
class SharedUnixSockets implements UnixSockets, SocketSource {
  readonly source: SocketSource = this;
  readonly #system: System;
  readonly #others: SocketSource & { has(endpoint: Endpoint): boolean };
  /** By path. */
  readonly #open: Map<string, SharedSocket> = new Map();
  /** Others have taken their places. */
  #replaced: SharedSocket[] = [];
  /** Paths of former ones that somebody may still have listened by when they were closed. */
  readonly #left: Set<string> = new Set();

  constructor(system: System, others: SocketSource & { has(endpoint: Endpoint): boolean }) {
    this.#system = system;
    this.#others = others;
  }

  fault({ path }: UnixEndpoint): Promise<string | null> {
    try {
      return Promise.resolve(isServed(this.#system, path) ? "address already in use" : null);
    } catch (error) {
      return Promise.resolve(error instanceof Error ? error.message : String(error));
    }
  }

  async isServed(endpoint: UnixEndpoint): Promise<boolean> {
    return await this.fault(endpoint) !== null;
  }

  open(clusters: readonly ClusterConfig[]): Promise<void> {
    const opened: SharedSocket[] = [];
    const problems: string[] = [];
    for (const { listen, name, unixMode } of clusters) {
      if (listen.kind !== "unix" || this.#others.has(listen)) continue;
      const { path } = listen;
      if (this.#open.get(path)?.mode === unixMode) continue;
      try {
        const descriptor = listenAside(this.#system, path, unixMode);
        opened.push({ path, mode: unixMode, descriptor, isPlaced: false });
      } catch (error) {
        problems.push(describeBindFailure(listen, `cluster "${name}"`, error));
      }
    }
    if (problems.length > 0) {
      for (const socket of opened) this.#close(socket);
      return Promise.reject(new StartError(...problems));
    }
    for (const socket of opened) {
      const former = this.#open.get(socket.path);
      if (former !== undefined) this.#replaced.push(former);
      this.#open.set(socket.path, socket);
      this.#left.delete(socket.path);
    }
    return Promise.resolve();
  }

  place(clusters: readonly ClusterConfig[]): string[] {
    const waiting = clusters.filter(({ listen }) =>
      listen.kind === "unix" && this.#open.get(listen.path)?.isPlaced === false
    );
    return placeAll(waiting, (path) => {
      placeSocket(this.#system, path);
      this.#open.get(path)!.isPlaced = true;
    });
  }

  keepOnly(clusters: readonly ClusterConfig[]): void {
    for (const { descriptor } of this.#replaced.splice(0)) this.#system.close(descriptor);
    const wanted = new Set(unixEndpoints(clusters).map(({ path }) => path));
    for (const [path, socket] of this.#open) {
      if (wanted.has(path)) continue;
      this.#open.delete(path);
      this.#close(socket);
      if (socket.isPlaced) this.#left.add(path);
    }
    // A worker that retires as a whole may have closed its own somewhat later.
    for (const path of this.#left) removeSocketFile(this.#system, path);
  }

  socketsFor(endpoint: Endpoint, rank: number, count: number): GivenSocket[] {
    return this.#socketAt(endpoint) ?? this.#others.socketsFor(endpoint, rank, count);
  }

  heldAt(endpoint: Endpoint): GivenSocket[] {
    return this.#socketAt(endpoint) ?? this.#others.heldAt(endpoint);
  }

  /** Every worker listens by one and the same; the last one to close it accepts those who wait. */
  #socketAt(endpoint: Endpoint): GivenSocket[] | null {
    const socket = endpoint.kind === "unix" ? this.#open.get(endpoint.path) : undefined;
    return socket === undefined ? null : [{ descriptor: socket.descriptor, isHeld: false }];
  }

  #close({ path, descriptor, isPlaced }: SharedSocket): void {
    this.#system.close(descriptor);
    if (!isPlaced) clearAside(this.#system, path);
  }
}

function unixEndpoints(clusters: readonly ClusterConfig[]): UnixEndpoint[] {
  return clusters.flatMap(({ listen }) => listen.kind === "unix" ? [listen] : []);
}

function placeAll(clusters: readonly ClusterConfig[], place: (path: string) => void): string[] {
  const problems: string[] = [];
  for (const { listen, name } of clusters) {
    if (listen.kind !== "unix") continue;
    try {
      place(listen.path);
    } catch (error) {
      problems.push(
        `Cluster "${name}" cannot be found at ${formatEndpoint(listen)}: ` +
          (error instanceof Error ? error.message : String(error)),
      );
    }
  }
  return problems;
}
