/**
 * What an attempt makes of each answer of the kernel and of the lookup. What it does on a real
 * kernel is the contract's.
 *
 * @module
 */
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { type Failure, failures } from "../../../../src/failure.ts";
import { EpollDial } from "../../../../src/net/epoll/epoll_dial.ts";
import { MemberList } from "../../../../src/member_list.ts";
import { EpollEngine } from "../../../../src/net/epoll/epoll_engine.ts";
import {
  AF_INET,
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EMFILE,
  ENETUNREACH,
  ENOSPC,
  EPOLLERR,
  EPOLLHUP,
  EPOLLOUT,
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../../../../src/net/epoll/libc.ts";
import type { NameLookup, SocketAddressBytes } from "../../../../src/net/epoll/name_lookup.ts";
import { openDescriptors, socketsSince } from "../../../support/tools/descriptors.ts";
import { DialOutcome, EngineScene } from "../../../support/rigs/engine_scene.ts";
import { FakeEpollLoop, FIRST_DESCRIPTOR } from "../../../support/fakes/fake_epoll_loop.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { libcPath, openSystem } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assertEquals } from "../../../deps.ts";

/** An address that the fake kernel calls by `name`. */
function address(name: number): SocketAddressBytes {
  return Uint8Array.of(AF_INET, 0, 0, name);
}

class Scene {
  readonly loop = new FakeEpollLoop();
  readonly system = this.loop.system;
  readonly outcome = new DialOutcome();
  /** Attempts that are not settled. */
  readonly underWay = new MemberList<EpollDial>();

  /** Dials an address, or a name whose addresses the test gives. */
  dial(found: number | Promise<SocketAddressBytes[] | Failure>, timeoutMs = 60_000): EpollDial {
    const names = {
      numeric: () => typeof found === "number" ? address(found) : null,
      toConnect: () => found,
    } as unknown as NameLookup;
    const target = { endpoint: tcpEndpoint("host", 7000), timeoutMs };
    return new EpollDial(this.loop.asLoop, names, this.underWay, target, this.outcome);
  }

  /** What the kernel says of the socket that connects now. */
  settles(error = 0): void {
    this.system.pendingError = error;
    const [handler] = this.loop.handlers.values();
    handler!.onEvents(error === 0 ? EPOLLOUT : EPOLLOUT | EPOLLERR | EPOLLHUP);
  }
}

sanitizedTest("an address is connected to at the end of the turn", async () => {
  const scene = new Scene();
  scene.dial(1);
  assertEquals(scene.system.connected, []);
  await turn();
  assertEquals([scene.system.connected, scene.outcome.heard], [[1], []]);
  assertEquals([...scene.loop.interests], [[FIRST_DESCRIPTOR, EPOLLOUT]]);
  assertEquals(scene.system.withOptions, [FIRST_DESCRIPTOR]);
  let closedWhenTold: unknown = null;
  scene.outcome.onConnected = (connection) => {
    closedWhenTold = [scene.loop.interests.size, [...scene.system.closed]];
    connection.discard();
  };
  scene.settles();
  assertEquals([closedWhenTold, scene.outcome.heard], [[0, []], ["connected"]]);
  assertEquals(scene.system.closed, [FIRST_DESCRIPTOR]);
  assertEquals(scene.underWay.size, 0);
});

sanitizedTest("a refusal is told, whether it comes at once or later", async () => {
  for (const isAtOnce of [true, false]) {
    const scene = new Scene();
    if (isAtOnce) scene.system.connectResults = [-ECONNREFUSED];
    scene.dial(1);
    assertEquals(scene.outcome.heard, []);
    await turn();
    if (!isAtOnce) scene.settles(ECONNREFUSED);
    assertEquals([scene.outcome.heard, scene.system.closed], [
      ["connect_refused"],
      [FIRST_DESCRIPTOR],
    ]);
  }
});

sanitizedTest("a connection that the kernel makes at once is told like any other", async () => {
  const scene = new Scene();
  scene.system.connectResults = [0];
  scene.dial(1);
  await turn();
  assertEquals(scene.outcome.heard, []);
  scene.settles();
  assertEquals(scene.outcome.heard, ["connected"]);
});

sanitizedTest("each address of a name is tried in turn, and the last failure is told", async () => {
  const scene = new Scene();
  scene.system.connectResults = [-ENETUNREACH];
  scene.dial(Promise.resolve([address(1), address(2), address(3)]));
  await turn();
  assertEquals(scene.system.connected, [1, 2]);
  scene.settles(ECONNRESET);
  assertEquals([scene.system.connected, scene.outcome.heard], [[1, 2, 3], []]);
  scene.settles(ECONNREFUSED);
  assertEquals([scene.outcome.heard, scene.system.closed.length], [["connect_refused"], 3]);
});

sanitizedTest("an address that works ends the search", async () => {
  const scene = new Scene();
  scene.dial(Promise.resolve([address(1), address(2), address(3)]));
  await turn();
  scene.settles(ECONNREFUSED);
  scene.settles();
  assertEquals([scene.outcome.heard, scene.system.connected], [["connected"], [1, 2]]);
});

sanitizedTest("a name without addresses is unknown", async () => {
  const scene = new Scene();
  scene.dial(Promise.resolve([]));
  await turn();
  assertEquals([scene.outcome.heard, scene.system.closed], [["name_unresolved"], []]);
});

sanitizedTest("a socket that is connected to itself counts as refused", async () => {
  const scene = new Scene();
  scene.system.peerAddress = scene.system.ownAddress;
  scene.dial(1);
  await turn();
  scene.settles();
  assertEquals([scene.outcome.heard, scene.system.closed], [["connect_refused"], [
    FIRST_DESCRIPTOR,
  ]]);
});

sanitizedTest("the deadline holds for the lookup and for all addresses together", async () => {
  const looking = new Scene();
  const lookup = Promise.withResolvers<SocketAddressBytes[]>();
  looking.dial(lookup.promise, 100);
  const connecting = new Scene();
  connecting.dial(Promise.resolve([address(1), address(2)]), 100);
  await turn();
  for (const { loop, outcome } of [looking, connecting]) {
    loop.clock.advance(99);
    assertEquals(outcome.heard, []);
    loop.clock.advance(1);
  }
  lookup.resolve([address(1)]);
  await turn();
  for (const { outcome } of [looking, connecting]) assertEquals(outcome.heard, ["connect_timeout"]);
  assertEquals([looking.system.connected, connecting.system.connected], [[], [1]]);
  assertEquals(connecting.system.closed, [FIRST_DESCRIPTOR]);
});

sanitizedTest("an attempt that is given up says nothing and closes its socket once", async () => {
  for (const dialled of [1, Promise.resolve([address(1), address(2)])]) {
    const before = new Scene();
    before.dial(dialled).cancel();
    await turn();
    assertEquals([before.system.connected, before.outcome.heard], [[], []]);
    const during = new Scene();
    const dial = during.dial(dialled);
    await turn();
    dial.cancel();
    dial.cancel();
    assertEquals([during.system.closed, during.outcome.heard], [[FIRST_DESCRIPTOR], []]);
    assertEquals(during.loop.handlers.size, 0);
  }
});

sanitizedTest("giving up after the outcome leaves the connection to its owner", async () => {
  const scene = new Scene();
  const dial = scene.dial(1);
  await turn();
  scene.outcome.onConnected = () => {};
  scene.settles();
  dial.cancel();
  assertEquals([scene.outcome.heard, scene.system.closed], [["connected"], []]);
});

sanitizedTest(
  "a kernel out of descriptors, or out of room to wait, fails the attempt",
  async () => {
    const scene = new Scene();
    scene.system.openError = -EMFILE;
    scene.dial(1);
    await turn();
    assertEquals([scene.outcome.heard, scene.system.closed], [["too_many_open_files"], []]);
    const full = new Scene();
    full.loop.registerResult = -ENOSPC;
    full.dial(1);
    await turn();
    assertEquals([full.outcome.heard, full.system.closed], [["out_of_memory"], [
      FIRST_DESCRIPTOR,
    ]]);
  },
);

sanitizedTest("the end of the loop ends an attempt that connects", async () => {
  const scene = new Scene();
  scene.dial(1);
  await turn();
  for (const handler of scene.loop.handlers.values()) handler.abandon();
  assertEquals([scene.outcome.heard, scene.system.closed], [[], [FIRST_DESCRIPTOR]]);
});

sanitizedTest(
  "the reason of a failed connect is the system's, whether it comes at once or later",
  async () => {
    for (
      const [errno, reason] of [[ENETUNREACH, "network_unreachable"], [
        EHOSTUNREACH,
        "no_route_to_host",
      ]] as const
    ) {
      const atOnce = new Scene();
      atOnce.system.connectResults = [-errno];
      atOnce.dial(1);
      await turn();
      const later = new Scene();
      later.dial(1);
      await turn();
      later.settles(errno);
      assertEquals([atOnce.outcome.heard, later.outcome.heard], [[reason], [reason]]);
    }
  },
);

sanitizedTest("a lookup that could not be made is told by its own reason", async () => {
  const scene = new Scene();
  scene.dial(Promise.resolve(failures.tooManyOpenFiles));
  await turn();
  assertEquals([scene.outcome.heard, scene.system.closed], [["too_many_open_files"], []]);
  assertEquals(scene.underWay.size, 0);
});

sanitizedTest("dialled sockets write at once and notice a peer that vanished", async () => {
  await using scene = new EngineScene((clock) => new EpollEngine(libcPath, clock));
  const system = openSystem();
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  scene.own(server);
  const before = openDescriptors();
  await scene.connect(server.addr.port);
  const [dialled, ...others] = socketsSince(before);
  assertEquals(others, []);
  assertEquals(system.option(dialled!, IPPROTO_TCP, TCP_NODELAY), 1);
  assertEquals(system.option(dialled!, SOL_SOCKET, SO_KEEPALIVE), 1);
});
