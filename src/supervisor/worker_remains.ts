/**
 * What is left of workers that were ended from outside: their descriptors, where they have any.
 *
 * @module
 */
import type { ClusterConfig, IoChoice } from "../config/config.ts";
import { createDescriptorMemory } from "../net/epoll/descriptor_book.ts";
import { openLibc } from "../net/epoll/libc.ts";
import { System } from "../net/epoll/system.ts";
import { ThreadRemains } from "../net/epoll/thread_remains.ts";
import type { Log } from "../observe/log.ts";
import { GivenSockets } from "./takeover/given_sockets.ts";

/** Sees to them. */
export interface WorkerRemains {
  /** Where a new worker is to note its descriptors. */
  createMemory(): SharedArrayBuffer;
  /**
   * Ends the connections of a worker that was ended, and closes what it had open. Returns the sockets that it listened
   * by, for the one that takes its place; null where there are none.
   */
  take(memory: SharedArrayBuffer, clusters: readonly ClusterConfig[]): GivenSockets | null;
}

/** Returns null where a worker's sockets end with its thread. */
export function createRemains(io: IoChoice, log: Log): WorkerRemains | null {
  if (io.engine !== "epoll") return null;
  const system = new System(openLibc(io.libcPath));
  return {
    createMemory: createDescriptorMemory,
    take(memory, clusters) {
      const remains = new ThreadRemains(system, memory);
      // One that ended by itself has closed all.
      if (remains.isEmpty) return null;
      const rescued = remains.rescue().map((descriptor) => ({ descriptor, isHeld: false }));
      remains.clear().then((count) => {
        if (count > 0) {
          log.error("A worker's thread does not end: its descriptors stay taken", { count });
        }
      });
      return rescued.length === 0 ? null : new GivenSockets(system, rescued, clusters);
    },
  };
}
