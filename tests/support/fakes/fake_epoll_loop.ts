/**
 * A loop and a kernel that do what a test says, for the parts of the epoll engine that stand
 * between the two.
 *
 * @module
 */
import { FlushQueue } from "../../../src/net/flush_queue.ts";
import type { EpollLoop, EventHandler, Resumable } from "../../../src/net/epoll/epoll_loop.ts";
import { EAGAIN, EINPROGRESS } from "../../../src/net/epoll/libc.ts";
import { SystemError } from "../../../src/net/epoll/system.ts";
import { ManualClock } from "./manual_clock.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** First number that the fake kernel gives. */
export const FIRST_DESCRIPTOR = 100;

/** The part of `System` that sockets, listeners and dials call; errors are negative numbers. */
export class FakeSystem {
  /** Everything that sends have taken, as text. */
  sent = "";
  /** How much each send takes, or its error; whatever it is given once the list is over. */
  sendResults: number[] = [];
  /** Bytes in each call of send. */
  readonly sendSizes: number[] = [];
  /** What each receive finds: text, or an error number; `EAGAIN` once the list is over. */
  receiveResults: (string | number)[] = [];
  /** What each accept returns; `EAGAIN` once the list is over. */
  acceptResults: number[] = [];
  acceptCount = 0;
  /** What each connect returns; `EINPROGRESS` once the list is over. */
  connectResults: number[] = [];
  /** Addresses that were connected to, by their last byte. */
  readonly connected: number[] = [];
  /** What {@link FakeSystem.socketError} says, as a positive number. */
  pendingError = 0;
  /** The two addresses of every socket. */
  ownAddress: Uint8Array = Uint8Array.of(1, 1);
  peerAddress: Uint8Array = Uint8Array.of(1, 2);
  /** Error number of the next {@link FakeSystem.openSocket}, or 0. */
  openError = 0;
  /** Descriptors that were closed, in order. */
  readonly closed: number[] = [];
  readonly withOptions: number[] = [];
  readonly libc = {
    connect: (_descriptor: number, address: Uint8Array, byteCount: number) => {
      this.connected.push(address[byteCount - 1]!);
      return this.connectResults.shift() ?? -EINPROGRESS;
    },
  };
  #nextDescriptor = FIRST_DESCRIPTOR;

  result(result: number): number {
    return result;
  }

  openSocket(_family: number): number {
    if (this.openError < 0) return this.openError;
    return this.#nextDescriptor++;
  }

  setConnectionOptions(descriptor: number): void {
    this.withOptions.push(descriptor);
  }

  send(_descriptor: number, bytes: Uint8Array, byteCount: number): number {
    this.sendSizes.push(byteCount);
    const taken = Math.min(this.sendResults.shift() ?? byteCount, byteCount);
    if (taken > 0) this.sent += decoder.decode(bytes.subarray(0, taken));
    return taken;
  }

  receive(_descriptor: number, bytes: Uint8Array, byteCount: number): number {
    const next = this.receiveResults.shift() ?? -EAGAIN;
    if (typeof next === "number") return next;
    const given = encoder.encode(next).subarray(0, byteCount);
    bytes.set(given);
    return given.length;
  }

  accept(_descriptor: number): number {
    this.acceptCount += 1;
    return this.acceptResults.shift() ?? -EAGAIN;
  }

  socketError(_descriptor: number): number {
    return this.pendingError;
  }

  address(_descriptor: number, isPeer: boolean): Uint8Array {
    return isPeer ? this.peerAddress : this.ownAddress;
  }

  error(negativeErrno: number): SystemError {
    return new SystemError(-negativeErrno, `error ${-negativeErrno}`);
  }

  close(descriptor: number): void {
    this.closed.push(descriptor);
  }
}

/** The part of `EpollLoop` that they call. */
export class FakeEpollLoop {
  readonly system: FakeSystem;
  readonly clock: ManualClock = new ManualClock();
  readonly flushQueue: FlushQueue = new FlushQueue();
  isClosed = false;
  /** What is waited for, by descriptor. */
  readonly interests: Map<number, number> = new Map();
  readonly handlers: Map<number, EventHandler> = new Map();
  /** Who goes on in the next turn. */
  readonly resumables: Set<Resumable> = new Set();
  /** Result of the next {@link FakeEpollLoop.register}. */
  registerResult = 0;
  registerCount = 0;
  /** Calls of {@link FakeEpollLoop.change}. */
  changeCount = 0;

  constructor(system: FakeSystem = new FakeSystem()) {
    this.system = system;
  }

  /** As the type that the code under test wants. */
  get asLoop(): EpollLoop {
    return this as unknown as EpollLoop;
  }

  own(descriptor: number, handler: EventHandler): void {
    this.handlers.set(descriptor, handler);
  }

  goOn(resumable: Resumable): void {
    this.resumables.add(resumable);
  }

  /** The next turn: who asked for it goes on. */
  nextTurn(): void {
    const resumables = [...this.resumables];
    this.resumables.clear();
    for (const resumable of resumables) resumable.goOn();
  }

  register(descriptor: number, handler: EventHandler, events: number): number {
    this.registerCount += 1;
    if (this.registerResult < 0) return this.registerResult;
    this.interests.set(descriptor, events);
    this.handlers.set(descriptor, handler);
    return 0;
  }

  change(descriptor: number, events: number): void {
    if (!this.interests.has(descriptor)) throw new Error(`${descriptor} is not registered`);
    this.changeCount += 1;
    this.interests.set(descriptor, events);
  }

  unregister(descriptor: number): void {
    this.interests.delete(descriptor);
    this.handlers.delete(descriptor);
  }

  close(descriptor: number): void {
    this.unregister(descriptor);
    this.system.close(descriptor);
  }
}
