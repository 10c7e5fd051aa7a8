/**
 * System calls as functions of numbers and bytes: what the kernel refuses comes back as a negative error
 * number, so that nothing is thrown on the way of a request.
 *
 * @module
 */
import type { DescriptorBook } from "./descriptor_book.ts";
import {
  EINTR,
  F_DUPFD_CLOEXEC,
  F_SETFL,
  IPPROTO_TCP,
  type Libc,
  MSG_NOSIGNAL,
  O_NONBLOCK,
  SO_ERROR,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
  threadCalls,
} from "./libc.ts";

/** Longest text of an error, bytes. */
const ERROR_TEXT_BYTES = 256;
/** Room for any address, bytes: `struct sockaddr_storage` has as many. */
const ADDRESS_BYTES_MAX = 128;

/** What the kernel refused. */
export class SystemError extends Error {
  override name = "SystemError";
  /** The C library's number. */
  readonly errno: number;

  constructor(errno: number, text: string) {
    super(text);
    this.errno = errno;
  }
}

/** System calls of one thread: the C library has an `errno` for each. */
export class System {
  /** The library itself, for what is called rarely. */
  readonly libc: Libc;
  readonly #errnoAddress: bigint;
  readonly #errno: Int32Array = new Int32Array(1);
  readonly #errnoBytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#errno.buffer as ArrayBuffer);
  readonly #option: Int32Array = new Int32Array(1);
  readonly #optionBytes: Uint8Array<ArrayBuffer> = new Uint8Array(
    this.#option.buffer as ArrayBuffer,
  );
  readonly #length: Uint32Array = new Uint32Array(1);
  readonly #lengthBytes: Uint8Array<ArrayBuffer> = new Uint8Array(
    this.#length.buffer as ArrayBuffer,
  );

  /** Where what this thread has open is noted, if anybody is to know. */
  readonly #book: DescriptorBook | null;

  constructor(libc: Libc, book: DescriptorBook | null = null) {
    this.libc = libc;
    this.#book = book;
    if (book !== null) {
      const { threadId } = threadCalls(Deno.build.arch);
      book.threadId = Number(libc.syscall(BigInt(threadId), 0n, 0n, 0n));
    }
    this.#errnoAddress = libc.__errno_location();
  }

  /** `result`, or the negative error number in its place: to be asked right behind the call. */
  result(result: number): number {
    return result < 0 ? -this.#readErrno() : result;
  }

  /** Takes up to `byteCount` bytes into the start of `bytes`; 0 at the end of the stream. */
  receive(descriptor: number, bytes: Uint8Array, byteCount: number): number {
    for (;;) {
      const received = this.libc.recv(descriptor, bytes as Uint8Array<ArrayBuffer>, byteCount, 0);
      if (received >= 0) return received;
      const errno = this.#readErrno();
      if (errno !== EINTR) return -errno;
    }
  }

  /** Sends up to `byteCount` bytes from the start of `bytes`, and returns how many the kernel took. */
  send(descriptor: number, bytes: Uint8Array, byteCount: number): number {
    for (;;) {
      const sent = this.libc.send(
        descriptor,
        bytes as Uint8Array<ArrayBuffer>,
        byteCount,
        MSG_NOSIGNAL,
      );
      if (sent >= 0) return sent;
      const errno = this.#readErrno();
      if (errno !== EINTR) return -errno;
    }
  }

  /** A connected socket that waits in the queue of a listening one; it never blocks. */
  accept(descriptor: number): number {
    const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    return this.opened(this.result(this.libc.accept4(descriptor, null, null, flags)));
  }

  /** A new TCP socket that never blocks. */
  openSocket(family: number): number {
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    return this.opened(this.result(this.libc.socket(family, type, 0)));
  }

  /** `descriptor`, which was opened just now; what is negative is none. */
  opened(descriptor: number): number {
    if (descriptor >= 0) this.#book?.note(descriptor);
    return descriptor;
  }

  /** A second descriptor of what an open one is of, for another thread; or a negative error number. */
  duplicate(descriptor: number): number {
    return this.result(this.libc.fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  }

  /** Has accepting from a socket return at once where nobody waits; of all descriptors of the same open socket. */
  stopBlocking(descriptor: number): number {
    return this.result(this.libc.fcntl(descriptor, F_SETFL, O_NONBLOCK));
  }

  /** Closes a descriptor. Linux has let go of it even where this says that it was interrupted. */
  close(descriptor: number): void {
    // First: behind it the number may be another thread's.
    this.#book?.forget(descriptor);
    this.libc.close(descriptor);
  }

  /** Sends what is written at once, and notices a peer that vanished without a word. */
  setConnectionOptions(descriptor: number): void {
    this.setOption(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    this.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  }

  /** Sets an option whose value is a number. */
  setOption(descriptor: number, level: number, name: number, value: number): number {
    this.#option[0] = value;
    return this.result(this.libc.setsockopt(descriptor, level, name, this.#optionBytes, 4));
  }

  /** The value of an option that is a number, or a negative error number. */
  option(descriptor: number, level: number, name: number): number {
    this.#length[0] = 4;
    const { libc } = this;
    const result = this.result(
      libc.getsockopt(descriptor, level, name, this.#optionBytes, this.#lengthBytes),
    );
    return result < 0 ? result : this.#option[0]!;
  }

  /** The error that waits at a socket, as a positive number; 0 for none. */
  socketError(descriptor: number): number {
    return Math.abs(this.option(descriptor, SOL_SOCKET, SO_ERROR));
  }

  /** The address that a socket is bound to, or the one it is connected to; empty where it has none. */
  address(descriptor: number, isPeer: boolean): Uint8Array {
    const bytes = new Uint8Array(ADDRESS_BYTES_MAX);
    this.#length[0] = bytes.length;
    const get = isPeer ? this.libc.getpeername : this.libc.getsockname;
    const result = get(descriptor, bytes, this.#lengthBytes);
    return result < 0 ? new Uint8Array(0) : bytes.subarray(0, this.#length[0]);
  }

  /** `byteCount` bytes of memory at `address`. */
  read(address: bigint, byteCount: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(byteCount);
    this.libc.memcpy(bytes, address, byteCount);
    return bytes;
  }

  /** The error for a negative error number, with the system's own text. */
  error(negativeErrno: number): SystemError {
    const text = new Uint8Array(ERROR_TEXT_BYTES);
    this.libc.__xpg_strerror_r(-negativeErrno, text, text.length);
    const end = text.indexOf(0);
    return new SystemError(-negativeErrno, new TextDecoder().decode(text.subarray(0, end)));
  }

  #readErrno(): number {
    this.libc.memcpy(this.#errnoBytes, this.#errnoAddress, 4);
    return this.#errno[0]!;
  }
}
