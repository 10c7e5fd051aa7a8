/**
 * Clients that reset their connection before anybody can have accepted it, as health checks of load balancers do:
 * by system calls, so that no loop of this thread has a turn in between.
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

/** Connects to `port` of 127.0.0.1 and resets, `count` times. */
export function resetBeforeAccept(port: number, count: number): void {
  const address = new NameLookup(system).numeric("127.0.0.1", port)!;
  for (let index = 0; index < count; index++) {
    const descriptor = system.openSocket(AF_INET);
    if (descriptor < 0) throw system.error(descriptor);
    // On loopback the connection stands when this returns, though it does not wait for that.
    const result = system.result(system.libc.connect(descriptor, address, address.length));
    if (result < 0 && result !== -EINPROGRESS) throw system.error(result);
    system.libc.setsockopt(descriptor, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
    system.close(descriptor);
  }
}
