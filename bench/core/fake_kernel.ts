/**
 * Stands in for the kernel behind `--io epoll`: the C library's functions for sockets, on peers in this process. Names
 * are looked up by the real library.
 *
 * @module
 */
import type { Peer } from "./peers.ts";

const EAGAIN = 11;
const EINPROGRESS = 115;
const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLL_CTL_DEL = 2;
/** `struct epoll_event` on x86-64, in units of 32 bits. */
const STRIDE = 3;
/** Descriptors begin here. */
const FIRST_DESCRIPTOR = 10;

interface Descriptor {
  peer: Peer | null;
  /** Peers that wait to be accepted, where it listens. */
  waiting: Peer[] | null;
  generation: number;
  isRegistered: boolean;
  isReady: boolean;
  events: number;
  /** The last byte of its two addresses. */
  port: number;
}

/** See above. */
export class FakeKernel {
  readonly #real: Record<string, (...args: unknown[]) => unknown>;
  readonly #descriptors: (Descriptor | null)[] = [];
  readonly #connect: () => Peer;
  #ready: number[] = [];
  #spare: number[] = [];
  #errno = 0;
  readonly #errnoAddress: bigint;
  #listener = -1;
  #wake: ((ready: number) => void) | null = null;
  #elsewhere: Int32Array = new Int32Array(0);
  #elsewhereMax = 0;

  /**
   * @param real The C library.
   * @param connect Makes the peer of a connection that the proxy opens.
   */
  constructor(real: Record<string, (...args: unknown[]) => unknown>, connect: () => Peer) {
    this.#real = real;
    this.#connect = connect;
    this.#errnoAddress = real.__errno_location!() as bigint;
    while (this.#descriptors.length < FIRST_DESCRIPTOR) this.#descriptors.push(null);
  }

  /** The functions that the engine calls. */
  get symbols(): Record<string, unknown> {
    return {
      ...this.#real,
      accept4: () => this.#accept(),
      bind: () => 0,
      close: (descriptor: number) => this.#close(descriptor),
      connect: (descriptor: number) => this.#startConnect(descriptor),
      epoll_create1: () => this.#open(null),
      epoll_ctl: (_epoll: number, operation: number, descriptor: number, change: Uint8Array) =>
        this.#control(operation, descriptor, change),
      epoll_wait: (_epoll: number, bytes: Uint8Array, max: number) => this.#wait(bytes, max),
      epoll_wait_elsewhere: (_epoll: number, bytes: Uint8Array, max: number, timeout: number) =>
        this.#waitElsewhere(bytes, max, timeout),
      eventfd: () => this.#open(null),
      getpeername: (descriptor: number, bytes: Uint8Array, length: Uint8Array) =>
        this.#address(descriptor, 1, bytes, length),
      getsockname: (descriptor: number, bytes: Uint8Array, length: Uint8Array) =>
        this.#address(descriptor, 2, bytes, length),
      getsockopt: (_d: number, _l: number, _n: number, value: Uint8Array) => {
        value.fill(0);
        return 0;
      },
      listen: (descriptor: number) => this.#listen(descriptor),
      memcpy: (target: Uint8Array, address: bigint, byteCount: number) =>
        this.#copy(target, address, byteCount),
      recv: (descriptor: number, bytes: Uint8Array, byteCount: number) =>
        this.#receive(descriptor, bytes, byteCount),
      send: (descriptor: number, bytes: Uint8Array, byteCount: number) =>
        this.#send(descriptor, bytes, byteCount),
      setsockopt: () => 0,
      socket: () => this.#open(this.#connect),
      write: (descriptor: number) => {
        this.#makeReady(descriptor);
        this.wake();
        return 8;
      },
    };
  }

  /** A client connects. */
  accept(peer: Peer): void {
    this.#descriptors[this.#listener]!.waiting!.push(peer);
    this.#makeReady(this.#listener);
    this.wake();
  }

  /** Peers may have bytes now. */
  wake(): void {
    for (let descriptor = 0; descriptor < this.#descriptors.length; descriptor++) {
      if (this.#descriptors[descriptor]?.peer?.hasBytes) this.#makeReady(descriptor);
    }
    const wake = this.#wake;
    if (wake === null || this.#ready.length === 0) return;
    this.#wake = null;
    wake(this.#fill(this.#elsewhere, this.#elsewhereMax));
  }

  #open(connect: (() => Peer) | null): number {
    const peer = connect === null ? null : connect();
    this.#descriptors.push({
      peer,
      waiting: null,
      generation: 0,
      isRegistered: false,
      isReady: false,
      events: EPOLLIN,
      port: this.#descriptors.length & 0xff,
    });
    return this.#descriptors.length - 1;
  }

  #close(descriptor: number): number {
    this.#descriptors[descriptor] = null;
    return 0;
  }

  #listen(descriptor: number): number {
    const entry = this.#descriptors[descriptor]!;
    entry.peer = null;
    entry.waiting = [];
    this.#listener = descriptor;
    return 0;
  }

  #accept(): number {
    const peer = this.#descriptors[this.#listener]!.waiting!.shift();
    return peer === undefined ? this.#refuse(EAGAIN) : this.#open(() => peer);
  }

  #startConnect(descriptor: number): number {
    this.#descriptors[descriptor]!.events = EPOLLOUT;
    return this.#refuse(EINPROGRESS);
  }

  #control(operation: number, descriptor: number, change: Uint8Array): number {
    const entry = this.#descriptors[descriptor]!;
    const words = new Int32Array(change.buffer, change.byteOffset, STRIDE);
    entry.isRegistered = operation !== EPOLL_CTL_DEL;
    entry.generation = words[2]!;
    if (entry.events === EPOLLOUT) {
      if (entry.isRegistered) this.#makeReady(descriptor);
      else entry.events = EPOLLIN;
    } else if (entry.peer?.hasBytes) this.#makeReady(descriptor);
    return 0;
  }

  #makeReady(descriptor: number): void {
    const entry = this.#descriptors[descriptor]!;
    if (entry.isReady || !entry.isRegistered) return;
    entry.isReady = true;
    this.#ready.push(descriptor);
  }

  #wait(bytes: Uint8Array, max: number): number {
    return this.#fill(new Int32Array(bytes.buffer, bytes.byteOffset, STRIDE * max), max);
  }

  #waitElsewhere(bytes: Uint8Array, max: number, timeout: number): Promise<number> {
    this.#elsewhere = new Int32Array(bytes.buffer, bytes.byteOffset, STRIDE * max);
    this.#elsewhereMax = max;
    if (this.#ready.length > 0 || timeout === 0) {
      return Promise.resolve(this.#fill(this.#elsewhere, max));
    }
    return new Promise((resolve) => this.#wake = resolve);
  }

  #fill(events: Int32Array, max: number): number {
    const ready = this.#ready;
    if (ready.length > max) throw new Error("Too many are ready");
    this.#ready = this.#spare;
    for (let index = 0; index < ready.length; index++) {
      const descriptor = ready[index]!;
      const entry = this.#descriptors[descriptor]!;
      entry.isReady = false;
      events[index * STRIDE] = entry.events;
      events[index * STRIDE + 1] = descriptor;
      events[index * STRIDE + 2] = entry.generation;
    }
    const count = ready.length;
    ready.length = 0;
    this.#spare = ready;
    return count;
  }

  #receive(descriptor: number, bytes: Uint8Array, byteCount: number): number {
    const { peer } = this.#descriptors[descriptor]!;
    if (!peer!.hasBytes) return this.#refuse(EAGAIN);
    return peer!.give(bytes, 0, byteCount);
  }

  #send(descriptor: number, bytes: Uint8Array, byteCount: number): number {
    const { peer } = this.#descriptors[descriptor]!;
    peer!.take(bytes, 0, byteCount);
    if (peer!.hasBytes) this.#makeReady(descriptor);
    return byteCount;
  }

  #refuse(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  #copy(target: Uint8Array, address: bigint, byteCount: number): void {
    if (address === this.#errnoAddress) {
      new Int32Array(target.buffer, target.byteOffset, 1)[0] = this.#errno;
    } else {
      this.#real.memcpy!(target, address, byteCount);
    }
  }

  #address(descriptor: number, side: number, bytes: Uint8Array, length: Uint8Array): number {
    bytes.set([2, 0, side, this.#descriptors[descriptor]!.port, 10, 0, 0, side]);
    new Uint32Array(length.buffer, length.byteOffset, 1)[0] = 16;
    return 0;
  }
}
