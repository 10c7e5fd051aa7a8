import {
  AF_INET,
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  EINPROGRESS,
  EINTR,
  IPPROTO_TCP,
  type Libc,
  MSG_NOSIGNAL,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import { System, SystemError } from "../../../../src/net/epoll/system.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { openSystem } from "../../../support/tools/libc_path.ts";
import { until } from "../../../support/tools/poll.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals } from "../../../deps.ts";

const EBADF = 9;
const EPIPE = 32;
const EAFNOSUPPORT = 97;
const ENOTCONN = 107;

/** Sockets on loopback, all closed at the end. */
class Scene implements Disposable {
  readonly system: System = openSystem();
  readonly #names = new NameLookup(this.system);
  readonly #opened: number[] = [];
  readonly #before = openDescriptors().size;

  /** Has a descriptor closed at the end; an error number is none. */
  own(descriptor: number): number {
    if (descriptor >= 0) this.#opened.push(descriptor);
    return descriptor;
  }

  socket(): number {
    return this.own(this.system.openSocket(AF_INET));
  }

  /** Binds a new socket to `port`; returns it and what bind said. */
  bind(port: number): { descriptor: number; result: number } {
    const descriptor = this.socket();
    const address = this.#names.numeric("127.0.0.1", port)!;
    const { system } = this;
    const result = system.result(system.libc.bind(descriptor, address, address.length));
    return { descriptor, result };
  }

  /** A socket that listens, and its port. */
  listener(): { descriptor: number; port: number } {
    const { descriptor } = this.bind(0);
    this.system.libc.listen(descriptor, 8);
    return { descriptor, port: portOf(this.system.address(descriptor, false)) };
  }

  connect(port: number): { descriptor: number; result: number } {
    const descriptor = this.socket();
    const address = this.#names.numeric("127.0.0.1", port)!;
    const { system } = this;
    const result = system.result(system.libc.connect(descriptor, address, address.length));
    return { descriptor, result };
  }

  /** Two ends of one connection. */
  pair(): [number, number] {
    const { descriptor, port } = this.listener();
    const client = this.connect(port).descriptor;
    return [this.own(this.system.accept(descriptor)), client];
  }

  close(descriptor: number): void {
    this.system.close(descriptor);
    this.#opened.splice(this.#opened.indexOf(descriptor), 1);
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#opened) this.system.close(descriptor);
    assertEquals(openDescriptors().size, this.#before);
  }
}

sanitizedTest("bytes go through a connection, up to the count that was asked for", () => {
  using scene = new Scene();
  const { system } = scene;
  const [server, client] = scene.pair();
  assertEquals(system.send(client, new TextEncoder().encode("hello world"), 5), 5);
  const bytes = new Uint8Array(8).fill(0x2e);
  assertEquals(system.receive(server, bytes.subarray(2), 3), 3);
  assertEquals(new TextDecoder().decode(bytes), "..hel...");
  assertEquals(system.receive(server, bytes, 8), 2);
  assertEquals(new TextDecoder().decode(bytes), "lohel...");
});

sanitizedTest("what the kernel refuses comes back as a negative error number", async () => {
  using scene = new Scene();
  const { system } = scene;
  const bytes = new Uint8Array(8);
  const { descriptor, port } = scene.listener();
  assertEquals(system.accept(descriptor), -EAGAIN);
  const [server, client] = scene.pair();
  assertEquals(system.receive(server, bytes, 8), -EAGAIN);
  assertEquals(system.send(scene.socket(), bytes, 8), -EPIPE);
  assertEquals(system.receive(scene.socket(), bytes, 8), -ENOTCONN);
  assertEquals(system.receive(-1, bytes, 8), -EBADF);
  assertEquals(system.option(-1, SOL_SOCKET, SO_KEEPALIVE), -EBADF);
  assertEquals(system.setOption(-1, SOL_SOCKET, SO_KEEPALIVE, 1), -EBADF);
  assertEquals(system.openSocket(255), -EAFNOSUPPORT);
  assertEquals(scene.bind(port).result, -EADDRINUSE);
  assertEquals(scene.connect(port).result, -EINPROGRESS);
  assertEquals(system.socketError(client), 0);
  const unused = scene.bind(0).descriptor;
  const refused = scene.connect(portOf(system.address(unused, false)));
  assertEquals(refused.result, -EINPROGRESS);
  await until(() => system.socketError(refused.descriptor) === ECONNREFUSED, {
    what: "the refusal",
    intervalMs: 1,
  });
});

sanitizedTest("the error number is that of the call, whatever this thread did before", () => {
  using scene = new Scene();
  const { system } = scene;
  const [server] = scene.pair();
  const bytes = new Uint8Array(8);
  for (let round = 0; round < 1000; round++) {
    assertEquals(system.receive(server, bytes, 8), -EAGAIN);
    assertEquals(system.receive(-1, bytes, 8), -EBADF);
    if (round % 100 === 0) {
      try {
        Deno.statSync("/does/not/exist");
      } catch {
        // That was to leave another error number behind.
      }
    }
  }
});

sanitizedTest("a send into a closed connection is an error and no signal", async () => {
  using scene = new Scene();
  const { system } = scene;
  const [server, client] = scene.pair();
  const byte = new Uint8Array(1);
  system.send(client, byte, 1);
  // Bytes that nobody has read: this resets the connection.
  scene.close(server);
  await until(() => system.send(client, byte, 1) === -EPIPE, { what: "the error", intervalMs: 1 });
  assertEquals(system.receive(server, byte, 1), -EBADF);
});

sanitizedTest("every send asks for no signal, for Deno may not always ignore it", () => {
  const flags: number[] = [];
  const libc = {
    __errno_location: () => 0n,
    send: (...words: number[]) => flags.push(words[3]!),
  } as unknown as Libc;
  new System(libc).send(7, new Uint8Array(1), 1);
  assertEquals(flags, [MSG_NOSIGNAL]);
});

sanitizedTest("options are set and read back", () => {
  using scene = new Scene();
  const { system } = scene;
  const descriptor = scene.socket();
  const read = () => [
    system.option(descriptor, IPPROTO_TCP, TCP_NODELAY),
    system.option(descriptor, SOL_SOCKET, SO_KEEPALIVE),
  ];
  assertEquals(read(), [0, 0]);
  system.setConnectionOptions(descriptor);
  assertEquals(read(), [1, 1]);
  assertEquals(system.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 0), 0);
  assertEquals(read(), [1, 0]);
});

sanitizedTest("both addresses of a connection are told, and none of what is not connected", () => {
  using scene = new Scene();
  const { system } = scene;
  const [server, client] = scene.pair();
  assertEquals(system.address(server, false), system.address(client, true));
  assertEquals(system.address(server, true), system.address(client, false));
  const own = system.address(server, false);
  assertEquals([own.length, [...own.subarray(4, 8)]], [16, [127, 0, 0, 1]]);
  assertEquals(system.address(scene.listener().descriptor, true).length, 0);
});

sanitizedTest("memory is read by its address, as a copy", () => {
  const system = openSystem();
  const source = new TextEncoder().encode("some bytes");
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(source));
  const copy = system.read(address, 4);
  source.fill(0);
  assertEquals(new TextDecoder().decode(copy), "some");
});

sanitizedTest("an error has its number and the system's own text", () => {
  const error = openSystem().error(-EADDRINUSE);
  assert(error instanceof SystemError, "a SystemError");
  assertEquals([error.name, error.errno], ["SystemError", EADDRINUSE]);
  assert(/^Address (already )?in use$/.test(error.message), error.message);
  assert(/unknown error|no error information/i.test(openSystem().error(-4000).message), "unknown");
});

sanitizedTest("a call that a signal interrupts is made again", () => {
  const results = [-1, 5, -1, 6];
  const libc = {
    __errno_location: () => 0n,
    memcpy: (bytes: Uint8Array) => bytes.set([EINTR, 0, 0, 0]),
    recv: () => results.shift()!,
    send: () => results.shift()!,
  } as unknown as Libc;
  const system = new System(libc);
  const bytes = new Uint8Array(8);
  assertEquals([system.receive(7, bytes, 8), system.send(7, bytes, 8)], [5, 6]);
});
