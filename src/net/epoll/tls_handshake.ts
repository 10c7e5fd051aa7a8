/**
 * One handshake of TLS on a connected descriptor, and the list of those that have something to do: a handshake takes
 * a thousand times as long as a request, so few are done in one turn, and whoever is connected is served in between.
 *
 * Those of addresses with many under way come behind those of others. Of either kind whoever came last is served first:
 * when there are more than can be done, all would wait until they give up if they waited in line. So most of those who
 * come are served at once. Each fourth step is that of who has waited longest: a few clients that connect again as soon
 * as they were served are more than can be done, too, and would leave the one at the end of the line there until it is
 * given up.
 *
 * @module
 */
import type { EpollLoop, EventHandler, Resumable } from "./epoll_loop.ts";
import { EPOLLET, EPOLLIN, EPOLLOUT, EPOLLRDHUP, errorNames, MSG_PEEK } from "./libc.ts";
import {
  type Handle,
  SSL_ERROR_SSL,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
} from "./libssl.ts";
import type { Openssl } from "./openssl.ts";

/** Time for handshakes in one turn, milliseconds; one is always done. */
export const HANDSHAKE_MS_PER_TURN = 1;

/** One step of so many is that of who has waited longest, the others are those of who came last. */
export const OLDEST_EVERY = 4;

/** Hears how a handshake went; exactly one call, once. */
export interface HandshakeListener {
  /** It is done: descriptor and `ssl` are the listener's from now on. */
  done(ssl: Handle): void;
  /** It failed; descriptor and all are closed behind this. `reason` is OpenSSL's, or the system's name of an error. */
  failed(reason: string, ssl: Handle): void;
}

/** A place in the list of those that have something to do. */
interface Place {
  /** The ones before and behind; only the list writes them. */
  later: Place | null;
  earlier: Place | null;
  /** Whether it is in the list; only the list writes it. */
  isListed: boolean;
  /** Whether it comes behind those for which this is false. It may change only while it is not listed. */
  isOfCrowd: boolean;
  /** Does what can be done. */
  step(): void;
}

/** Both ends of a line of handshakes. */
interface Line {
  latest: Place | null;
  oldest: Place | null;
}

/** Handshakes that have something to do, most often the latest first; one list per engine. */
export class HandshakeList implements Resumable {
  isWaitingToGoOn = false;
  readonly #loop: EpollLoop;
  readonly #nowMs: () => number;
  readonly #others: Line = { latest: null, oldest: null };
  readonly #crowd: Line = { latest: null, oldest: null };
  /** Steps since one was that of who has waited longest. */
  #stepsOfLatest = 0;

  /** @param nowMs Milliseconds on any scale, exact. */
  constructor(loop: EpollLoop, nowMs: () => number = () => performance.now()) {
    this.#loop = loop;
    this.#nowMs = nowMs;
  }

  /** This handshake is to go on, ahead of the others. */
  add(place: Place): void {
    if (!place.isListed) {
      const line = this.#lineOf(place);
      const former = line.latest;
      place.isListed = true;
      place.earlier = former;
      if (former !== null) former.later = place;
      else line.oldest = place;
      line.latest = place;
    }
    this.#loop.goOn(this);
  }

  /** This handshake is over, or has its turn. */
  forget(place: Place): void {
    if (!place.isListed) return;
    const line = this.#lineOf(place);
    const { earlier, later } = place;
    if (earlier !== null) earlier.later = later;
    else line.oldest = later;
    if (later !== null) later.earlier = earlier;
    else line.latest = earlier;
    place.isListed = false;
    place.earlier = null;
    place.later = null;
  }

  goOn(): void {
    const endMs = this.#nowMs() + HANDSHAKE_MS_PER_TURN;
    for (let place = this.#take(); place !== null; place = this.#take()) {
      place.step();
      if (this.#nowMs() >= endMs) break;
    }
    if (this.#others.latest !== null || this.#crowd.latest !== null) this.#loop.goOn(this);
  }

  /** Takes the one whose turn it is; null where none has anything to do. */
  #take(): Place | null {
    const { latest, oldest } = this.#others.latest !== null ? this.#others : this.#crowd;
    this.#stepsOfLatest = (this.#stepsOfLatest + 1) % OLDEST_EVERY;
    const place = this.#stepsOfLatest === 0 ? oldest : latest;
    if (place !== null) this.forget(place);
    return place;
  }

  #lineOf({ isOfCrowd }: Place): Line {
    return isOfCrowd ? this.#crowd : this.#others;
  }
}

/** One handshake under way. */
export class TlsHandshake implements EventHandler, Place {
  later: Place | null = null;
  earlier: Place | null = null;
  isListed = false;
  isOfCrowd = false;
  readonly #loop: EpollLoop;
  readonly #openssl: Openssl;
  readonly #descriptor: number;
  readonly #list: HandshakeList | null;
  readonly #begin: () => Handle | undefined;
  readonly #listener: HandshakeListener;
  #ssl: Handle = null;
  #isOver = false;

  /**
   * @param list Null where it does not wait for others.
   * @param begin Makes the connection of OpenSSL; undefined where more bytes are wanted for that, null where it fails.
   */
  constructor(
    loop: EpollLoop,
    openssl: Openssl,
    descriptor: number,
    list: HandshakeList | null,
    begin: () => Handle | undefined,
    listener: HandshakeListener,
  ) {
    this.#loop = loop;
    this.#openssl = openssl;
    this.#descriptor = descriptor;
    this.#list = list;
    this.#begin = begin;
    this.#listener = listener;
    loop.own(descriptor, this);
  }

  /** Begins, ahead of what comes. */
  start(): void {
    const events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    const result = this.#loop.register(this.#descriptor, this, events);
    if (result < 0) this.#fail(errorNames.get(-result) ?? `errno ${-result}`);
  }

  onEvents(): void {
    if (this.#list === null) this.step();
    else this.#list.add(this);
  }

  /** Does what can be done with what has come. */
  step(): void {
    if (this.#isOver) return;
    const { lib } = this.#openssl;
    if (this.#ssl === null) {
      const ssl = this.#begin();
      if (ssl === undefined) return;
      this.#ssl = ssl;
      if (ssl === null || lib.SSL_set_fd(ssl, this.#descriptor) !== 1) {
        return this.#fail(this.#openssl.takeReason());
      }
    }
    const result = lib.SSL_do_handshake(this.#ssl);
    if (result === 1) return this.#finish();
    const { system } = this.#loop;
    const errno = -system.result(-1);
    const error = lib.SSL_get_error(this.#ssl, result);
    if (error === SSL_ERROR_WANT_READ || error === SSL_ERROR_WANT_WRITE) return;
    if (error === SSL_ERROR_SSL) return this.#fail(this.#openssl.takeReason());
    lib.ERR_clear_error();
    const isLost = error === SSL_ERROR_SYSCALL && errno !== 0;
    this.#fail(isLost ? errorNames.get(errno) ?? `errno ${errno}` : "closed");
  }

  /** Gives up; the listener hears nothing any more. */
  cancel(): void {
    if (this.#end()) this.#loop.close(this.#descriptor);
    this.#free();
  }

  abandon(): void {
    if (this.#end()) this.#loop.system.close(this.#descriptor);
    this.#free();
  }

  #finish(): void {
    const ssl = this.#ssl;
    this.#ssl = null;
    this.#end();
    this.#loop.unregister(this.#descriptor);
    this.#listener.done(ssl);
  }

  #fail(reason: string): void {
    if (!this.#end()) return;
    this.#listener.failed(reason, this.#ssl);
    this.#free();
    this.#loop.close(this.#descriptor);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#list?.forget(this);
    return true;
  }

  #free(): void {
    if (this.#ssl !== null) this.#openssl.lib.SSL_free(this.#ssl);
    this.#ssl = null;
  }
}

/** Up to `bytes.length` of the bytes that wait at a socket, which still wait afterwards; or a negative error number. */
export function peek(loop: EpollLoop, descriptor: number, bytes: Uint8Array<ArrayBuffer>): number {
  const { system } = loop;
  return system.result(system.libc.recv(descriptor, bytes, bytes.length, MSG_PEEK));
}
