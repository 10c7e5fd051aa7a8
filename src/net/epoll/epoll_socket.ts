/**
 * One TCP connection waited for by epoll, for both sides: read when it is readable, written at the end of the
 * turn, closed exactly once. While it is idle it has no buffer.
 *
 * It is registered once, for edges of everything: what is readable, and whether the kernel has room, is known
 * here from then on, so that neither pausing nor a full send buffer costs a system call.
 *
 * @module
 */
import type { SendLog } from "../../bytes/send_log.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Connection, Socket } from "../io_engine.ts";
import { localEnd, peerEnd } from "./socket_endpoint.ts";
import type { EpollLoop, EventHandler } from "./epoll_loop.ts";
import { EpollStream } from "./epoll_stream.ts";
import { EAGAIN, EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from "./libc.ts";

/** A descriptor that is connected and that nobody waits for yet. */
export class EpollConnection implements Connection, EventHandler {
  readonly #loop: EpollLoop;
  readonly #descriptor: number;

  constructor(loop: EpollLoop, descriptor: number) {
    this.#loop = loop;
    this.#descriptor = descriptor;
    loop.own(descriptor, this);
  }

  get local(): Endpoint | null {
    return localEnd(this.#loop.system, this.#descriptor);
  }

  get peer(): Endpoint | null {
    return peerEnd(this.#loop.system, this.#descriptor);
  }

  open(receiver: ByteReceiver, log: SendLog): Socket {
    return new EpollSocket(this.#loop, this.#descriptor, receiver, log);
  }

  discard(): void {
    this.#loop.close(this.#descriptor);
  }

  /** Its descriptor, for another owner; this object is of no use any more. */
  take(): number {
    return this.#descriptor;
  }

  onEvents(): void {}

  abandon(): void {
    this.#loop.system.close(this.#descriptor);
  }
}

/** A {@link Socket} that epoll waits for, without TLS. */
export class EpollSocket extends EpollStream {
  #isRegistered = false;
  /** There may be bytes to read. */
  #isReadable = false;
  /** The other side has sent its last: what is read ends with the end of the stream. */
  #isEnding = false;
  /** The end of the stream was read. */
  #isEnded = false;

  override resume(): void {
    if (!this.isPaused || this.isClosed) return;
    this.isPaused = false;
    if (this.#isReadable) this.loop.goOn(this);
    else this.#register();
  }

  override onEvents(events: number): void {
    const isLost = (events & (EPOLLERR | EPOLLHUP)) !== 0;
    // Where bytes may still be read, the read meets the error behind them.
    const hasRest = !this.#isEnded && (events & EPOLLIN) !== 0;
    if (isLost && !(hasRest && (!this.isPaused || this.receiver.isBehind === true))) {
      return this.close(this.waitingError());
    }
    if ((events & EPOLLOUT) !== 0 && this.isFull) this.hasRoom();
    if (this.#isEnded || (events & (EPOLLIN | EPOLLRDHUP)) === 0) return;
    if ((events & EPOLLRDHUP) !== 0) this.#isEnding = true;
    this.#isReadable = true;
    this.#read();
  }

  protected override readOn(): void {
    this.#read();
  }

  override abandon(): void {
    this.isClosed = true;
    this.loop.system.close(this.descriptor);
  }

  /** Reads once: a socket with more to give goes on behind all others. */
  #read(): void {
    if (!this.#isReadable || this.isPaused || this.isClosed) return;
    const receiver = this.receiver;
    const space = receiver.reserve();
    if (space === null) {
      this.isPaused = true;
      return;
    }
    const { bytes, start, end } = space;
    const room = start === 0 ? bytes : bytes.subarray(start, end);
    const received = this.loop.system.receive(this.descriptor, room, end - start);
    if (received > 0) {
      // Less than there was room for is all there was: whatever comes now is a new edge.
      this.#isReadable = received === end - start || this.#isEnding;
      if (this.#isReadable) this.loop.goOn(this);
      receiver.commit(received);
      receiver.rested();
    } else if (received === 0) {
      this.#isReadable = false;
      this.#isEnded = true;
      receiver.rested();
      receiver.ended();
    } else if (received === -EAGAIN) {
      this.#isReadable = false;
      receiver.rested();
    } else {
      receiver.rested();
      this.close(this.loop.system.error(received));
    }
  }

  protected override write(bytes: Uint8Array, byteCount: number): number {
    const { system } = this.loop;
    const taken = system.send(this.descriptor, bytes, byteCount);
    if (taken < byteCount) this.isFull = true;
    if (taken >= 0) return taken;
    if (taken !== -EAGAIN) this.close(system.error(taken));
    return 0;
  }

  protected override askForRoom(): void {
    this.#register();
  }

  protected override release(): void {}

  #register(): void {
    if (this.#isRegistered || this.isClosed) return;
    this.#isRegistered = true;
    this.register(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}
