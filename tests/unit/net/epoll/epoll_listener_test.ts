import { type GivenSocket, tcpEndpoint } from "../../../../src/endpoint.ts";
import type { Failure } from "../../../../src/failure.ts";
import type { Connection } from "../../../../src/net/io_engine.ts";
import { ACCEPT_RETRY_MS, type Acceptor } from "../../../../src/net/io_engine.ts";
import { EpollEngine } from "../../../../src/net/epoll/epoll_engine.ts";
import { EpollListener } from "../../../../src/net/epoll/epoll_listener.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import {
  AF_INET,
  EADDRINUSE,
  ECONNABORTED,
  EINTR,
  EMFILE,
  ENETDOWN,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPERM,
  EPOLLIN,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../../../../src/net/epoll/libc.ts";
import { type System, SystemError } from "../../../../src/net/epoll/system.ts";
import { openDescriptors, socketsSince } from "../../../support/tools/descriptors.ts";
import { EngineScene, type Front } from "../../../support/rigs/engine_scene.ts";
import { FakeEpollLoop, FakeSystem } from "../../../support/fakes/fake_epoll_loop.ts";
import { libcPath, openSystem } from "../../../support/tools/libc_path.ts";
import { delay, until } from "../../../support/tools/poll.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../../../deps.ts";

const EPROTO = 71;

/** A kernel that lets everything be bound, and whose accepts the test scripts. */
class ListeningSystem extends FakeSystem {
  /** Result of the next bind. */
  bindResult = 0;
  override readonly libc = {
    connect: () => 0,
    bind: () => this.bindResult,
    listen: () => 0,
  };

  override address(): Uint8Array {
    return Uint8Array.of(2, 0, 0x1f, 0x90);
  }

  setOption(): number {
    return 0;
  }
}

class Scene implements Acceptor {
  readonly system = new ListeningSystem();
  readonly loop = new FakeEpollLoop(this.system);
  readonly connections: Connection[] = [];
  readonly errors: string[] = [];
  onAccepted: () => void = () => {};

  listen(): EpollListener {
    const names = { toListen: () => [Uint8Array.of(2, 0, 0, 0)] } as unknown as NameLookup;
    const options = { endpoint: tcpEndpoint("127.0.0.1", 0), sharesPort: false };
    return new EpollListener(this.loop.asLoop, names, options, this);
  }

  lack = null;

  accepted(connection: Connection): void {
    this.connections.push(connection);
    this.onAccepted();
  }

  acceptFailed(failure: Failure): void {
    this.errors.push(failure.name);
  }

  /** What is waited for, and the turn in which it comes. */
  get interest(): number | undefined {
    return [...this.loop.interests.values()][0];
  }

  readable(): void {
    [...this.loop.handlers.values()][0]!.onEvents(EPOLLIN);
  }
}

sanitizedTest("everything that waits is accepted in one turn, up to a bound", () => {
  const scene = new Scene();
  assertEquals([scene.listen().port, scene.interest], [8080, EPOLLIN]);
  scene.system.acceptResults = [10, 11, 12];
  scene.readable();
  assertEquals([scene.connections.length, scene.system.acceptCount], [3, 4]);
  scene.system.acceptResults = Array.from({ length: 1000 }, (_, index) => 20 + index);
  scene.readable();
  const inOneTurn = scene.connections.length - 3;
  assert(inOneTurn > 0 && inOneTurn <= 64, `${inOneTurn} accepts in one turn`);
  assertEquals(scene.errors, []);
});

sanitizedTest("a connection that was lost before it was accepted stops nothing", () => {
  const scene = new Scene();
  scene.listen();
  scene.system.acceptResults = [-ECONNABORTED, 10, -EPERM, -EPROTO, -ENETDOWN, -EINTR, 11];
  scene.readable();
  assertEquals([scene.connections.length, scene.interest], [2, EPOLLIN]);
  assertEquals(scene.errors, Array(5).fill("client_reset"));
});

sanitizedTest("what is used up is reported once, and tried again after a while", async () => {
  const lacking = [
    [EMFILE, "too_many_open_files"],
    [ENFILE, "too_many_open_files_in_system"],
    [ENOBUFS, "out_of_memory"],
    [ENOMEM, "out_of_memory"],
  ] as const;
  await Promise.all(lacking.map(async ([errno, reason]) => {
    const scene = new Scene();
    const listener = scene.listen();
    scene.system.acceptResults = [10, -errno, 11];
    const failedMs = performance.now();
    scene.readable();
    assertEquals([scene.connections.length, scene.interest], [1, 0]);
    assertEquals(scene.errors, [reason]);
    await until(() => scene.interest === EPOLLIN, { what: "the next try", intervalMs: 1 });
    assert(performance.now() - failedMs >= ACCEPT_RETRY_MS - 2, "it waited");
    scene.readable();
    assertEquals([scene.connections.length, scene.errors.length], [2, 1]);
    await listener.close();
  }));
});

sanitizedTest("a listener that is closed while it pauses tries no more", async () => {
  for (const end of ["close", "abandon"] as const) {
    const scene = new Scene();
    const listener = scene.listen();
    scene.system.acceptResults = [-EMFILE];
    scene.readable();
    await listener[end]();
    await listener.close();
    assertEquals(scene.system.closed.length, 1);
    // The sanitizer would see the timer; a late change of what is waited for would throw.
    await delay(0);
  }
});

sanitizedTest("who waits to be accepted when the listener is closed is accepted", async () => {
  const scene = new Scene();
  const listener = scene.listen();
  const waiting = Array.from({ length: 100 }, (_, index) => 10 + index);
  scene.system.acceptResults = [...waiting];
  await listener.close();
  assertEquals([scene.connections.length, scene.system.closed.length], [100, 1]);
});

sanitizedTest(
  "a listener that is closed twice, by whom it accepts last, is closed once",
  async () => {
    const scene = new Scene();
    const listener = scene.listen();
    scene.system.acceptResults = [10, 11];
    scene.onAccepted = () => void listener.close();
    await listener.close();
    assertEquals([scene.connections.length, scene.system.closed.length], [1, 1]);
  },
);

sanitizedTest("a listener that is closed while it accepts accepts no more", async () => {
  const scene = new Scene();
  const listener = scene.listen();
  scene.onAccepted = () => void listener.close();
  scene.system.acceptResults = [10, 11];
  scene.readable();
  assertEquals([scene.connections.length, scene.system.acceptCount], [1, 1]);
  await listener.close();
  assertEquals(scene.system.closed.length, 1);
});

sanitizedTest("an address that cannot be bound leaves no descriptor open", () => {
  const scene = new Scene();
  scene.system.bindResult = -EADDRINUSE;
  const error = assertThrows(() => scene.listen(), SystemError);
  assertEquals([error.errno, scene.system.closed.length], [EADDRINUSE, 1]);
});

sanitizedTest("on a real kernel a failed bind leaves no descriptor open, and says why", () => {
  const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const system = openSystem();
  const loop = new FakeEpollLoop(system as unknown as FakeSystem).asLoop;
  const options = { endpoint: tcpEndpoint("127.0.0.1", holder.addr.port), sharesPort: true };
  const before = openDescriptors().size;
  const acceptor = { lack: null, accepted: () => {}, acceptFailed: () => {} };
  const listen = () => new EpollListener(loop, new NameLookup(system), options, acceptor);
  assertStrictEquals(assertThrows(listen, SystemError).errno, EADDRINUSE);
  assertEquals(openDescriptors().size, before);
  holder.close();
});

sanitizedTest("who waits when the sockets are handed over is left to who has them", async () => {
  const scene = new Scene();
  const listener = scene.listen();
  scene.system.acceptResults = [10];
  await listener.close(true);
  assertEquals([scene.connections.length, scene.system.closed.length], [0, 1]);
  // The kernel would tell of it as long as anybody has the socket open.
  assertEquals(scene.loop.interests.size, 0);
});

/** Has an engine listen by sockets that came from outside. */
async function listenByGiven(
  count: number,
  isHeld: boolean,
  run: (scene: EngineScene, front: Front, given: readonly GivenSocket[]) => Promise<void>,
): Promise<void> {
  const system = openSystem();
  const before = openDescriptors();
  const { descriptors, port } = openListeners(system, count);
  {
    await using scene = new EngineScene((clock) => new EpollEngine(libcPath, clock));
    const given = descriptors.map((descriptor) => ({ descriptor, isHeld }));
    const front = scene.listen({ port, given });
    assertEquals(front.port, port);
    await run(scene, front, given);
  }
  for (const descriptor of descriptors) system.close(descriptor);
  assertEquals(socketsSince(before), []);
}

/** Sockets of the C library that share a port and block, as those of other programs may. */
function openListeners(system: System, count: number): { descriptors: number[]; port: number } {
  const names = new NameLookup(system);
  const descriptors: number[] = [];
  let port = 0;
  for (let index = 0; index < count; index++) {
    const descriptor = system.libc.socket(AF_INET, SOCK_STREAM, 0);
    system.setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    const address = names.numeric("127.0.0.1", port)!;
    assertEquals(system.libc.bind(descriptor, address, address.length), 0);
    assertEquals(system.libc.listen(descriptor, 4), 0);
    port = portOf(system.address(descriptor, false));
    descriptors.push(descriptor);
  }
  return { descriptors, port };
}

sanitizedTest(
  "given sockets are listened by, all of them, and who waited there is accepted",
  async () => {
    await listenByGiven(3, false, async (_scene, front) => {
      const { port } = front;
      const waiting: Deno.TcpConn[] = [];
      for (let count = 0; count < 20; count++) waiting.push(await Deno.connect({ port }));
      await until(() => front.endpoints.length === 20, { what: "all are accepted" });
      const shared = front.listener.share();
      assertEquals(shared.length, 3);
      const system = openSystem();
      for (const descriptor of shared) {
        assertEquals(portOf(system.address(descriptor, false)), port);
        system.close(descriptor);
      }
      await front.listener.close();
      assertEquals(front.listener.share(), []);
      for (const connection of waiting) connection.close();
    });
  },
);

sanitizedTest(
  "sockets that are held elsewhere keep those who wait when the listener is closed",
  async () => {
    await listenByGiven(1, true, async (scene, front, given) => {
      const { port } = front;
      assertEquals(front.listener.share(), []);
      await scene.pairWithPeer(front);
      const accepted = front.endpoints.length;
      await front.listener.close();
      const waiting = await Deno.connect({ port });
      const again = scene.listen({ port, given });
      await until(() => again.endpoints.length === 1, { what: "who waited is accepted" });
      assertEquals(front.endpoints.length, accepted);
      waiting.close();
    });
  },
);

sanitizedTest("a given socket that does not listen is an error, and none stays open", async () => {
  const system = openSystem();
  const descriptor = system.openSocket(AF_INET);
  const before = openDescriptors();
  {
    await using scene = new EngineScene((clock) => new EpollEngine(libcPath, clock));
    const given = [{ descriptor: 9_999, isHeld: false }];
    assertThrows(() => scene.listen({ given }), SystemError);
    await scene.pair();
  }
  assertEquals(socketsSince(before), []);
  system.close(descriptor);
});

sanitizedTest("a name that nobody knows cannot be listened on", () => {
  const names = { toListen: () => [] } as unknown as NameLookup;
  const options = { endpoint: tcpEndpoint("nowhere", 0), sharesPort: false };
  const listen = () => new EpollListener(new FakeEpollLoop().asLoop, names, options, new Scene());
  assertThrows(listen, Error, 'Name is not known: "nowhere"');
});

sanitizedTest("accepted sockets write at once and notice a peer that vanished", async () => {
  await using scene = new EngineScene((clock) => new EpollEngine(libcPath, clock));
  const system = openSystem();
  const front = scene.listen();
  const before = openDescriptors();
  await scene.pairWithPeer(front);
  // Two new ones: that of the engine and its peer, which Deno opened without any option.
  const options = socketsSince(before).map((descriptor) => [
    system.option(descriptor, IPPROTO_TCP, TCP_NODELAY),
    system.option(descriptor, SOL_SOCKET, SO_KEEPALIVE),
  ]);
  assertEquals(options.toSorted(), [[0, 0], [1, 1]]);
});
