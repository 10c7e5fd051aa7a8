/**
 * Lines of text between two processes of one user, over a unix socket, and open descriptors along with them. Its waits
 * are made on threads of Deno's pool: this is for a few messages, not for clients.
 *
 * @module
 */
import { ACCEPT_RETRY_MS } from "../io_engine.ts";
import { LINE_BYTES_MAX, ReceivedLines } from "../received_lines.ts";
import {
  AF_UNIX,
  credentialsLayout,
  ECONNREFUSED,
  EINTR,
  ENOENT,
  messageLayout,
  MSG_CMSG_CLOEXEC,
  MSG_NOSIGNAL,
  partLayout,
  SCM_RIGHTS,
  SHUT_RDWR,
  SO_PEERCRED,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  timeLayout,
  unixAddressLayout,
} from "./libc.ts";
import type { System } from "./system.ts";

/** Most descriptors that go along with one line; Linux takes 253. */
export const DESCRIPTORS_PER_LINE_MAX = 64;
/** Longest time that the other side may leave a line in the kernel, milliseconds. */
const SEND_TIMEOUT_MS = 5_000;
/** Rest behind a wait that ended without a byte, milliseconds: a descriptor that fails at once must not keep it busy. */
const RECEIVE_RETRY_MS = 5;
/** Processes that may wait at a door. */
const BACKLOG = 8;
/** Only the user whose process it is may connect. */
const DOOR_MODE = 0o600;

/** What a wait on another thread reads and writes: Deno does not keep it from being collected. */
const lent = new Set<unknown>();

/** One end of a connection. */
export class DescriptorChannel {
  readonly #system: System;
  readonly #descriptor: number;
  readonly #lines = new ReceivedLines();
  /** Descriptors that have come and that nobody has taken. */
  readonly #descriptors: number[] = [];
  #isWaiting = false;
  #isClosed = false;
  /** When the present wait ends, milliseconds of `performance.now()`. */
  #deadlineMs = 0;

  /** @param descriptor Connected; it is this object's from now on. */
  constructor(system: System, descriptor: number) {
    this.#system = system;
    this.#descriptor = descriptor;
    setTimeoutOf(system, descriptor, SO_SNDTIMEO, SEND_TIMEOUT_MS);
  }

  /** Whether the process at the other end is one of this user's. */
  get isOfThisUser(): boolean {
    const { libc } = this.#system;
    const credentials = new Uint8Array(credentialsLayout.size);
    const length = new Uint8Array(Uint32Array.of(credentials.length).buffer);
    const result = libc.getsockopt(
      this.#descriptor,
      SOL_SOCKET,
      SO_PEERCRED,
      credentials,
      length,
    );
    const user = new DataView(credentials.buffer).getUint32(credentialsLayout.user, true);
    return result === 0 && user === libc.geteuid();
  }

  /**
   * Sends a line, and descriptors along with it, which stay open here.
   *
   * @throws {SystemError} If the other side is gone, or does not read.
   */
  send(line: string, descriptors: readonly number[] = []): void {
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let sent = 0; sent < bytes.length;) {
      const message = new Message(
        this.#system,
        bytes.subarray(sent),
        sent === 0 ? descriptors : [],
      );
      const result = this.#system.result(
        this.#system.libc.sendmsg(this.#descriptor, message.header, MSG_NOSIGNAL),
      );
      if (result === -EINTR) continue;
      if (result < 0) throw this.#system.error(result);
      sent += result;
    }
  }

  /** The next line; null where none comes in time, or none any more. */
  async receive(timeoutMs: number): Promise<string | null> {
    if (this.#isClosed) return null;
    this.#deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const line = this.#lines.take();
      if (line !== null) return line;
      if (!this.#lines.hasRoom || !await this.#receiveMore()) return null;
    }
  }

  /** The descriptors of a line that has come, which are the caller's from now on; fewer where fewer have come. */
  takeDescriptors(count: number): number[] {
    return this.#descriptors.splice(0, count);
  }

  /** Ends it, and closes what nobody has taken. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const descriptor of this.#descriptors.splice(0)) this.#system.close(descriptor);
    // While another thread waits its number must not become somebody else's.
    if (this.#isWaiting) this.#system.libc.shutdown(this.#descriptor, SHUT_RDWR);
    else this.#system.close(this.#descriptor);
  }

  async #receiveMore(): Promise<boolean> {
    const bytes = fixedBytes(LINE_BYTES_MAX);
    const message = new Message(this.#system, bytes, [], DESCRIPTORS_PER_LINE_MAX);
    lent.add(message);
    this.#isWaiting = true;
    const received = await this.#waitForBytes(message);
    this.#isWaiting = false;
    lent.delete(message);
    const descriptors = received >= 0 ? message.descriptors() : [];
    if (this.#isClosed) {
      for (const descriptor of descriptors) this.#system.close(descriptor);
      this.#system.close(this.#descriptor);
      return false;
    }
    this.#descriptors.push(...descriptors);
    if (received <= 0) return false;
    this.#lines.add(bytes.subarray(0, received));
    return true;
  }

  /**
   * Number of bytes that came; 0 at the end of the stream, -1 where none came in time.
   *
   * Each signal interrupts a wait that has a timeout, and so does a process that is stopped and goes on. The error
   * number stays on the other thread, so only the deadline ends the waiting. What arrived while this process stood
   * still beyond the deadline is found by a last look.
   */
  async #waitForBytes(message: Message): Promise<number> {
    while (!this.#isClosed) {
      const remainingMs = Math.ceil(this.#deadlineMs - performance.now());
      setTimeoutOf(this.#system, this.#descriptor, SO_RCVTIMEO, Math.max(remainingMs, 1));
      const received = await this.#system.libc.recvmsg_elsewhere(
        this.#descriptor,
        message.header,
        MSG_CMSG_CLOEXEC,
      );
      if (received >= 0) return received;
      if (remainingMs <= 0) break;
      await delay(RECEIVE_RETRY_MS);
    }
    return -1;
  }
}

/** A unix socket at a path, to which this user's processes connect. */
export class DescriptorDoor {
  readonly #system: System;
  readonly #path: Uint8Array<ArrayBuffer>;
  readonly #descriptor: number;
  #isWaiting = false;
  #isClosed = false;

  /**
   * Opens it; nothing else may be at the path.
   *
   * @throws {SystemError} If it cannot be bound.
   */
  constructor(system: System, path: string) {
    this.#system = system;
    this.#path = pathOf(path);
    this.#descriptor = openUnixSocket(system);
    const { libc } = system;
    const address = unixAddress(path);
    // Linux makes the file with the mode of the unbound socket: nobody else can be quicker.
    const result = system.result(libc.fchmod(this.#descriptor, DOOR_MODE)) ||
      system.result(libc.bind(this.#descriptor, address, address.length)) ||
      system.result(libc.listen(this.#descriptor, BACKLOG));
    if (result === 0) return;
    system.close(this.#descriptor);
    throw system.error(result);
  }

  /** The next connection of one of this user's processes; null when the door is closed. */
  async accept(): Promise<DescriptorChannel | null> {
    while (!this.#isClosed) {
      this.#isWaiting = true;
      const accepted = await this.#system.libc.accept4_elsewhere(
        this.#descriptor,
        null,
        null,
        SOCK_CLOEXEC,
      );
      this.#isWaiting = false;
      // Whoever closed the door meanwhile has left the descriptor to this.
      if (this.#isClosed) this.#system.close(this.#descriptor);
      const channel = accepted < 0 ? null : new DescriptorChannel(this.#system, accepted);
      if (!this.#isClosed && channel?.isOfThisUser) return channel;
      channel?.close();
      if (accepted < 0 && !this.#isClosed) await delay(ACCEPT_RETRY_MS);
    }
    return null;
  }

  /** Nobody gets in any more, and the path is free. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#system.libc.unlink(this.#path);
    // Ends an accept that waits on another thread.
    if (this.#isWaiting) this.#system.libc.shutdown(this.#descriptor, SHUT_RDWR);
    else this.#system.close(this.#descriptor);
  }
}

/**
 * Connects to the door at a path; null where nobody is behind it.
 *
 * @throws {SystemError} If that cannot be told.
 */
export function connectDescriptorChannel(system: System, path: string): DescriptorChannel | null {
  const descriptor = openUnixSocket(system);
  const channel = new DescriptorChannel(system, descriptor);
  const address = unixAddress(path);
  let result: number;
  do {
    // Where others wait at the door this blocks, and a signal may interrupt it.
    result = system.result(system.libc.connect(descriptor, address, address.length));
  } while (result === -EINTR);
  if (result === 0) return channel;
  channel.close();
  if (result === -ENOENT || result === -ECONNREFUSED) return null;
  throw system.error(result);
}

/** Removes what a process has left at a path that ended without closing its door. */
export function removeDoor(system: System, path: string): void {
  system.libc.unlink(pathOf(path));
}

/** A `struct msghdr` and what it points to. */
class Message {
  readonly header: Uint8Array<ArrayBuffer> = fixedBytes(messageLayout.size);
  /** Kept, as the header has no more than their addresses. */
  readonly #parts: Uint8Array<ArrayBuffer> = fixedBytes(partLayout.size);
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #control: Uint8Array<ArrayBuffer>;

  /** @param room For how many descriptors there is room where none are sent. */
  constructor(
    system: System,
    bytes: Uint8Array<ArrayBuffer>,
    descriptors: readonly number[],
    room = 0,
  ) {
    this.#bytes = bytes;
    this.#control = descriptors.length > 0 ? controlOf(descriptors) : fixedBytes(
      room === 0 ? 0 : messageLayout.headerSize + alignedBytes(room),
    );
    const parts = viewOf(this.#parts);
    parts.setBigUint64(partLayout.base, addressOf(system, this.#bytes), true);
    parts.setBigUint64(partLayout.length, BigInt(bytes.length), true);
    const header = viewOf(this.header);
    header.setBigUint64(messageLayout.parts, addressOf(system, this.#parts), true);
    header.setBigUint64(messageLayout.partCount, 1n, true);
    if (this.#control.length === 0) return;
    header.setBigUint64(messageLayout.control, addressOf(system, this.#control), true);
    header.setBigUint64(messageLayout.controlBytes, BigInt(this.#control.length), true);
  }

  /** What came along with the bytes. */
  descriptors(): number[] {
    const control = viewOf(this.#control);
    const received = Number(viewOf(this.header).getBigUint64(messageLayout.controlBytes, true));
    if (received < messageLayout.headerSize) return [];
    const isRights = control.getInt32(messageLayout.headerLevel, true) === SOL_SOCKET &&
      control.getInt32(messageLayout.headerType, true) === SCM_RIGHTS;
    const end = isRights ? Number(control.getBigUint64(0, true)) : 0;
    const descriptors: number[] = [];
    for (let at: number = messageLayout.headerSize; at + 4 <= end; at += 4) {
      descriptors.push(control.getInt32(at, true));
    }
    return descriptors;
  }
}

function controlOf(descriptors: readonly number[]): Uint8Array<ArrayBuffer> {
  const { headerSize, headerLevel, headerType } = messageLayout;
  const bytes = fixedBytes(headerSize + alignedBytes(descriptors.length));
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(headerSize + 4 * descriptors.length), true);
  view.setInt32(headerLevel, SOL_SOCKET, true);
  view.setInt32(headerType, SCM_RIGHTS, true);
  descriptors.forEach((descriptor, index) => {
    view.setInt32(headerSize + 4 * index, descriptor, true);
  });
  return bytes;
}

/** Bytes of so many descriptors, up to a whole number of words. */
function alignedBytes(count: number): number {
  return Math.ceil(count / 2) * 8;
}

function addressOf(system: System, bytes: Uint8Array<ArrayBuffer>): bigint {
  return system.libc.address_of(bytes, system.libc.__errno_location(), 0);
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function openUnixSocket(system: System): number {
  const descriptor = system.result(system.libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (descriptor < 0) throw system.error(descriptor);
  return descriptor;
}

function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = pathOf(path);
  const address = new Uint8Array(unixAddressLayout.path + name.length);
  viewOf(address).setUint16(0, AF_UNIX, true);
  address.set(name, unixAddressLayout.path);
  return address;
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Bytes whose address stays: small arrays without a buffer of their own are moved about. */
function fixedBytes(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(count));
}

/** A path as C wants it. */
function pathOf(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}

function setTimeoutOf(system: System, descriptor: number, name: number, timeoutMs: number): void {
  const time = new Uint8Array(timeLayout.size);
  const view = viewOf(time);
  view.setBigInt64(timeLayout.seconds, BigInt(Math.floor(timeoutMs / 1000)), true);
  view.setBigInt64(timeLayout.microseconds, BigInt(Math.floor(timeoutMs % 1000) * 1000), true);
  system.libc.setsockopt(descriptor, SOL_SOCKET, name, time, time.length);
}
