/**
 * Clients that are there before anybody can have accepted them: by system calls, so that no loop of this thread has a
 * turn in between.
 *
 * @module
 */
import { AF_INET, EINPROGRESS, SOL_SOCKET } from "../../../src/net/epoll/libc.ts";
import { NameLookup } from "../../../src/net/epoll/name_lookup.ts";
import { openSystem } from "../tools/libc_path.ts";

/** `asm-generic/socket.h`. */
const SO_LINGER = 13;
/** `struct linger` that is on, with no time: closing resets. */
const AT_ONCE = new Uint8Array(new Int32Array([1, 0]).buffer);

const system = openSystem();

/** Connections that wait to be accepted. */
export class UnacceptedConnections implements Disposable {
  readonly #descriptors: readonly number[];

  /** Connects to `port` of 127.0.0.1, `count` times. */
  constructor(port: number, count: number) {
    this.#descriptors = Array.from({ length: count }, () => connect(port));
  }

  /** Each sends `text`. */
  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (const descriptor of this.#descriptors) system.send(descriptor, bytes, bytes.length);
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors) system.close(descriptor);
  }
}

/** Connects to `port` of 127.0.0.1 and resets, `count` times, as health checks of load balancers do. */
export function resetBeforeAccept(port: number, count: number): void {
  for (let index = 0; index < count; index++) {
    const descriptor = connect(port);
    system.libc.setsockopt(descriptor, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
    system.close(descriptor);
  }
}

function connect(port: number): number {
  const address = new NameLookup(system).numeric("127.0.0.1", port)!;
  const descriptor = system.openSocket(AF_INET);
  if (descriptor < 0) throw system.error(descriptor);
  // On loopback the connection stands when this returns, though it does not wait for that.
  const result = system.result(system.libc.connect(descriptor, address, address.length));
  if (result < 0 && result !== -EINPROGRESS) throw system.error(result);
  return descriptor;
}
