/**
 * What a thread on epoll leaves behind that was ended from outside: its clients are told at once that nobody serves
 * them any more, and its descriptors are closed when it can use none of them again.
 *
 * @module
 */
import { DescriptorBook } from "./descriptor_book.ts";
import { AF_INET, ESRCH, SO_ACCEPTCONN, SOCK_CLOEXEC, SOL_SOCKET, threadCalls } from "./libc.ts";
import type { System } from "./system.ts";

/** How often it is looked whether the thread is gone, milliseconds. */
const GONE_CHECK_MS = 100;
/** How long it may take to go, milliseconds: Deno does not interrupt what it does. */
export const GONE_TIMEOUT_MS = 30_000;

/** The descriptors of one such thread. */
export class ThreadRemains {
  readonly #system: System;
  readonly #book: DescriptorBook;

  /** @param memory That of the thread's book. */
  constructor(system: System, memory: SharedArrayBuffer) {
    this.#system = system;
    this.#book = new DescriptorBook(memory);
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return this.#book.list().length === 0;
  }

  /** Further descriptors of the sockets it listens by; the caller closes them. Who waits there is not lost with it. */
  rescue(): number[] {
    return this.#book.list().filter((descriptor) => this.#listens(descriptor))
      .map((descriptor) => this.#system.duplicate(descriptor))
      .filter((descriptor) => descriptor >= 0);
  }

  /**
   * Ends its connections, and closes the descriptors when the thread is gone.
   *
   * @returns How many stay taken, as it does not go.
   */
  async clear(): Promise<number> {
    this.#letGo();
    const endMs = performance.now() + GONE_TIMEOUT_MS;
    while (this.#isThere()) {
      if (performance.now() > endMs) return this.#book.list().length;
      await new Promise((resolve) => setTimeout(resolve, GONE_CHECK_MS));
    }
    for (const descriptor of this.#book.list()) {
      this.#book.forget(descriptor);
      this.#system.close(descriptor);
    }
    return 0;
  }

  /**
   * Puts a socket that is connected to nobody in the place of each. They are not closed: the thread may still go on for
   * a moment, and must not find somebody else's behind its numbers.
   */
  #letGo(): void {
    const { libc } = this.#system;
    const nobody = this.#system.openSocket(AF_INET);
    const one = new Uint8Array(new BigUint64Array([1n]).buffer);
    for (const descriptor of this.#book.list()) {
      if (this.#isSocket(descriptor)) libc.dup3(nobody, descriptor, SOCK_CLOEXEC);
      // An event descriptor: a wait on another thread, which keeps this one, ends.
      else libc.write(descriptor, one, one.length);
    }
    this.#system.close(nobody);
  }

  #isSocket(descriptor: number): boolean {
    return this.#system.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) >= 0;
  }

  #listens(descriptor: number): boolean {
    return this.#system.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) === 1;
  }

  #isThere(): boolean {
    const { signalThread } = threadCalls(Deno.build.arch);
    const { libc } = this.#system;
    // No signal is sent by 0: it is only asked whether it could be.
    const [process, thread] = [BigInt(Deno.pid), BigInt(this.#book.threadId)];
    const result = libc.syscall(BigInt(signalThread), process, thread, 0n);
    return this.#system.result(Number(result)) !== -ESRCH;
  }
}
