/**
 * One connection that speaks TLS, for both sides: as `epoll_socket.ts`, with OpenSSL between the descriptor and the
 * bytes.
 *
 * It is waited for by levels, not by edges: OpenSSL reads ahead, and does not say whether the kernel has more. What is
 * not wanted for now is masked when an event says that it is there, so pausing costs nothing while nothing comes.
 *
 * @module
 */
import type { SendLog } from "../../bytes/send_log.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { Failure } from "../../failure.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Connection, Socket } from "../io_engine.ts";
import { TlsError } from "../tls.ts";
import type { EpollLoop, EventHandler } from "./epoll_loop.ts";
import { EpollStream } from "./epoll_stream.ts";
import { ECONNRESET, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "./libc.ts";
import {
  type Handle,
  SSL_ERROR_SSL,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_ZERO_RETURN,
} from "./libssl.ts";
import type { Openssl } from "./openssl.ts";
import { endpointOf } from "./socket_endpoint.ts";

/** Most bytes that are looked at for an alert behind them: a record has no more. */
const LAST_WORD_BYTES = 16 * 1024;

/** Bytes of memory that OpenSSL keeps for a connection between two records, as measured, rounded up. */
const OPENSSL_BYTES = 18 * 1024;

/** What a connection of OpenSSL is part of. */
export interface TlsSide {
  readonly openssl: Openssl;
  /** The reason behind OpenSSL's sentence. */
  failureOf(reason: string): Failure;
  /** The connection is about to be freed. */
  ending(ssl: Handle): void;
}

/** A descriptor that has gone through its handshake and that nobody waits for yet. */
export class EpollTlsConnection implements Connection, EventHandler {
  readonly #loop: EpollLoop;
  readonly #descriptor: number;
  readonly #ssl: Handle;
  readonly #side: TlsSide;

  constructor(loop: EpollLoop, descriptor: number, ssl: Handle, side: TlsSide) {
    this.#loop = loop;
    this.#descriptor = descriptor;
    this.#ssl = ssl;
    this.#side = side;
    loop.own(descriptor, this);
  }

  get local(): Endpoint | null {
    return endpointOf(this.#loop.system.address(this.#descriptor, false));
  }

  get peer(): Endpoint | null {
    return endpointOf(this.#loop.system.address(this.#descriptor, true));
  }

  get certificateName(): string | null {
    return this.#side.openssl.commonName(this.#ssl);
  }

  open(receiver: ByteReceiver, log: SendLog): Socket {
    return new EpollTlsSocket(this.#loop, this.#descriptor, this.#ssl, this.#side, receiver, log);
  }

  discard(): void {
    this.#free();
    this.#loop.close(this.#descriptor);
  }

  onEvents(): void {}

  abandon(): void {
    this.#free();
    this.#loop.system.close(this.#descriptor);
  }

  #free(): void {
    const { lib } = this.#side.openssl;
    lib.SSL_shutdown(this.#ssl);
    lib.ERR_clear_error();
    lib.SSL_free(this.#ssl);
  }
}

/** What a read came to that brought no bytes. */
const ReadEnd = { None: 0, Ended: 1, Failed: 2 } as const;

/** A {@link Socket} that epoll waits for, with TLS by OpenSSL. */
export class EpollTlsSocket extends EpollStream {
  readonly #ssl: Handle;
  readonly #side: TlsSide;
  /** What the kernel is asked to tell; 0 also before it is asked. */
  #events = 0;
  #isRegistered = false;
  /** OpenSSL has bytes, of which no event will tell. */
  #hasPending: boolean;
  /** The end that a read has met and that the receiver has not heard of. */
  #readEnd: 0 | 1 | 2 = ReadEnd.None;
  #readError: unknown = null;
  /** The end of the stream was told. */
  #isEnded = false;
  /** A read waits for room to write: the other side wants an answer first. */
  #readWantsRoom = false;

  constructor(
    loop: EpollLoop,
    descriptor: number,
    ssl: Handle,
    side: TlsSide,
    receiver: ByteReceiver,
    log: SendLog,
  ) {
    super(loop, descriptor, receiver, log);
    this.#ssl = ssl;
    this.#side = side;
    // What came along with the end of the handshake.
    this.#hasPending = side.openssl.lib.SSL_has_pending(ssl) !== 0;
  }

  get ownBytes(): number {
    return this.isClosed ? 0 : OPENSSL_BYTES;
  }

  override resume(): void {
    if (!this.isPaused || this.isClosed) return;
    this.isPaused = false;
    if (this.#hasPending) this.loop.goOn(this);
    this.#waitFor(this.#events | EPOLLIN);
  }

  override onEvents(events: number): void {
    const isLost = (events & (EPOLLERR | EPOLLHUP)) !== 0;
    // Where bytes may still be read, the read meets the error behind them; what is masked is not told.
    const isTold = (events & EPOLLIN) !== 0 || (this.#events & EPOLLIN) === 0;
    const hasRest = !this.#isEnded && isTold;
    if (isLost && !(hasRest && (!this.isPaused || this.receiver.isBehind === true))) {
      return this.close(this.#lastWord() ?? this.waitingError());
    }
    if ((events & EPOLLOUT) !== 0) this.#roomCame();
    if (this.isClosed || (events & EPOLLIN) === 0) return;
    if (this.isPaused || this.#isEnded) this.#waitFor(this.#events & ~EPOLLIN);
    else this.#read();
  }

  protected override readOn(): void {
    if (this.#hasPending) this.#read();
  }

  override abandon(): void {
    this.isClosed = true;
    this.release(false);
    this.loop.system.close(this.descriptor);
  }

  /** Reads as much as there is room for: a socket with more to give goes on behind all others. */
  #read(): void {
    if (this.isPaused || this.#isEnded || this.isClosed) return;
    if (this.#readEnd !== ReadEnd.None) return this.#tellEnd();
    const receiver = this.receiver;
    const space = receiver.reserve();
    if (space === null) {
      this.isPaused = true;
      return;
    }
    const { bytes, start, end } = space;
    const received = this.#readInto(bytes, start, end);
    if (received > 0) receiver.commit(received);
    receiver.rested();
    if (this.isClosed) return;
    if (this.#readEnd !== ReadEnd.None) this.#tellEnd();
    else if (this.#hasPending) this.loop.goOn(this);
  }

  /** Reads record by record while OpenSSL has any; returns how many bytes came. */
  #readInto(bytes: Uint8Array, start: number, end: number): number {
    const { lib } = this.#side.openssl;
    const ssl = this.#ssl;
    let at = start;
    do {
      const room = (at === 0 ? bytes : bytes.subarray(at, end)) as Uint8Array<ArrayBuffer>;
      const received = lib.SSL_read(ssl, room, end - at);
      if (received <= 0) {
        this.#hasPending = false;
        this.#readFailed(received);
        break;
      }
      at += received;
      this.#hasPending = lib.SSL_has_pending(ssl) !== 0;
    } while (this.#hasPending && at < end);
    return at - start;
  }

  #readFailed(result: number): void {
    const errno = -this.loop.system.result(-1);
    const { openssl } = this.#side;
    const error = openssl.lib.SSL_get_error(this.#ssl, result);
    if (error === SSL_ERROR_WANT_READ) return;
    if (error === SSL_ERROR_WANT_WRITE) {
      this.#readWantsRoom = true;
      return this.#waitFor(this.#events | EPOLLOUT);
    }
    this.#readEnd = ReadEnd.Ended;
    // The end without a word is one, too: what a request is, its own length says.
    const isEnd = error === SSL_ERROR_ZERO_RETURN || (error === SSL_ERROR_SYSCALL && errno === 0);
    if (isEnd) return openssl.lib.ERR_clear_error();
    this.#readEnd = ReadEnd.Failed;
    this.#readError = this.#errorOf(error, errno);
  }

  /** Tells what the last read has met; the receiver has room, or has had it for what came before. */
  #tellEnd(): void {
    // Until it reads on by itself, or is read for no more.
    if (this.isPaused) {
      this.#hasPending = true;
      return;
    }
    if (this.#readEnd === ReadEnd.Failed) return this.close(this.#readError);
    this.#isEnded = true;
    this.#hasPending = false;
    this.#waitFor(this.#events & ~EPOLLIN);
    this.receiver.ended();
  }

  protected override write(bytes: Uint8Array, byteCount: number): number {
    const { openssl } = this.#side;
    const taken = openssl.lib.SSL_write(this.#ssl, bytes as Uint8Array<ArrayBuffer>, byteCount);
    if (taken > 0) return taken;
    const errno = -this.loop.system.result(-1);
    const error = openssl.lib.SSL_get_error(this.#ssl, taken);
    if (error === SSL_ERROR_WANT_WRITE || error === SSL_ERROR_WANT_READ) {
      this.isFull = true;
      return 0;
    }
    const lost = this.#errorOf(error, errno);
    this.close(error === SSL_ERROR_SYSCALL ? this.#lastWord() ?? lost : lost);
    return 0;
  }

  /** The alert by which the other side said why it went, if it stands behind what was not read; else null. */
  #lastWord(): TlsError | null {
    const { openssl, failureOf } = this.#side;
    const bytes = new Uint8Array(LAST_WORD_BYTES);
    const result = openssl.lib.SSL_read(this.#ssl, bytes, bytes.length);
    if (result > 0 || openssl.lib.SSL_get_error(this.#ssl, result) !== SSL_ERROR_SSL) return null;
    const reason = openssl.takeReason();
    return reason === "" ? null : new TlsError(failureOf(reason), reason);
  }

  protected override askForRoom(): void {
    this.#waitFor(this.#events | EPOLLOUT);
  }

  #roomCame(): void {
    const wantedToRead = this.#readWantsRoom;
    this.#readWantsRoom = false;
    if (this.isFull) this.hasRoom();
    if (wantedToRead) this.#read();
    if (!this.isFull && !this.#readWantsRoom) this.#waitFor(this.#events & ~EPOLLOUT);
  }

  #waitFor(events: number): void {
    if (this.isClosed || (events === this.#events && this.#isRegistered)) return;
    this.#events = events;
    if (this.#isRegistered) return this.loop.change(this.descriptor, events);
    this.#isRegistered = true;
    this.register(events);
  }

  #errorOf(error: number, errno: number): unknown {
    const reason = this.#side.openssl.takeReason();
    if (error === SSL_ERROR_SSL) return new TlsError(this.#side.failureOf(reason), reason);
    return this.loop.system.error(errno === 0 ? -ECONNRESET : -errno);
  }

  protected override release(isClean: boolean): void {
    const { lib } = this.#side.openssl;
    if (isClean) lib.SSL_shutdown(this.#ssl);
    lib.ERR_clear_error();
    this.#side.ending(this.#ssl);
    lib.SSL_free(this.#ssl);
  }
}
