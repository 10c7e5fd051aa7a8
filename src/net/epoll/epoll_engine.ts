/**
 * The engine on the kernel's own interface, through FFI: for thousands of clients. Linux only, and not bound by
 * Deno's permission for the network.
 *
 * @module
 */
import { READ_LARGE_BYTES } from "../../bytes/receive_buffer.ts";
import type { Clock } from "../../clock.ts";
import type { GivenSocket } from "../../endpoint.ts";
import { FlushQueue } from "../flush_queue.ts";
import type {
  Acceptor,
  Dial,
  DialListener,
  DialTarget,
  IoEngine,
  Listener,
  ListenOptions,
} from "../io_engine.ts";
import { EpollDial } from "./epoll_dial.ts";
import { EpollListener } from "./epoll_listener.ts";
import { EpollLoop } from "./epoll_loop.ts";
import { JoinedListener } from "./joined_listener.ts";
import { openLibc } from "./libc.ts";
import { NameLookup } from "./name_lookup.ts";
import { System } from "./system.ts";

/** Sockets of the kernel, waited for by one loop. */
export class EpollEngine implements IoEngine {
  readonly flushQueue: FlushQueue;
  /** Room is lent only while there are bytes: it may be large. */
  readonly readBytesMin: number = READ_LARGE_BYTES;
  readonly #loop: EpollLoop;
  readonly #names: NameLookup;
  readonly #dials: Set<EpollDial> = new Set();

  /** @throws {Error} If the C library cannot be loaded, or the kernel refuses. */
  constructor(libcPath: string, clock: Clock) {
    const system = new System(openLibc(libcPath));
    this.flushQueue = new FlushQueue(clock);
    this.#loop = new EpollLoop(system, clock, this.flushQueue);
    this.#names = new NameLookup(system);
  }

  /** The kernel takes bytes at once, or says that it has no room. */
  writeDelayMs(): number {
    return 0;
  }

  listen(options: ListenOptions, acceptor: Acceptor): Listener {
    const open = (given: GivenSocket | null) =>
      new EpollListener(this.#loop, this.#names, options, acceptor, given);
    const [first, ...others] = options.given ?? [];
    if (first === undefined) return open(null);
    const listeners = [open(first)];
    try {
      for (const given of others) listeners.push(open(given));
    } catch (error) {
      for (const listener of listeners) listener.close(true);
      throw error;
    }
    return others.length === 0 ? listeners[0]! : new JoinedListener(listeners);
  }

  dial(target: DialTarget, listener: DialListener): Dial {
    return new EpollDial(this.#loop, this.#names, this.#dials, target, listener);
  }

  close(): Promise<void> {
    this.flushQueue.stop();
    for (const dial of this.#dials) dial.cancel();
    return this.#loop.end();
  }
}
