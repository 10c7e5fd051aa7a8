/**
 * Which cluster listens by which socket that came from outside.
 *
 * @module
 */
import { tcpEndpoint, unixEndpoint } from "../../../../src/endpoint.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import { unixAddress } from "../../../../src/net/epoll/socket_endpoint.ts";
import { GivenSockets } from "../../../../src/supervisor/takeover/given_sockets.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { openSystem } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals } from "../../../deps.ts";

const system = openSystem();
const names = new NameLookup(system);

/** A socket bound to a free port of `hostname`. */
function bound(hostname = "127.0.0.1", isListening = true): { descriptor: number; port: number } {
  const descriptor = system.openSocket(hostname.includes(":") ? AF_INET6 : AF_INET);
  const address = names.numeric(hostname, 0)!;
  assertEquals(system.libc.bind(descriptor, address, address.length), 0);
  if (isListening) assertEquals(system.libc.listen(descriptor, 8), 0);
  return { descriptor, port: portOf(system.address(descriptor, false)) };
}

function at(port: number, hostname = "127.0.0.1") {
  return clusterConfig({ listen: tcpEndpoint(hostname, port) });
}

function isOpen(descriptor: number): boolean {
  return openDescriptors().has(descriptor);
}

sanitizedTest("a cluster has the sockets that listen at its address, and no others", () => {
  const [one, other, six] = [bound(), bound(), bound("::1")];
  const stranger = bound();
  const idle = bound("127.0.0.1", false);
  const sockets = new GivenSockets(
    system,
    [one, stranger, other, six, idle].map(({ descriptor }) => ({ descriptor, isHeld: false })),
    [at(one.port), at(other.port, "localhost"), at(six.port, "::1"), at(idle.port), at(1)],
  );
  const has = (port: number, hostname?: string) =>
    sockets.has(tcpEndpoint(hostname ?? "127.0.0.1", port));
  assert(has(one.port) && has(six.port, "::1"));
  assert(!has(stranger.port) && !has(idle.port) && !has(1));
  assertEquals(sockets.taken.toSorted(), [0, 2, 3]);
  assertEquals(sockets.unclaimedCount, 2);
  sockets.settle();
  for (const { descriptor } of [one, other, six, stranger, idle]) assert(!isOpen(descriptor));
});

sanitizedTest(
  "every socket goes to one worker, several to one where there are more of them",
  () => {
    const front = bound();
    const numbers = [
      front.descriptor,
      ...[1, 2, 3, 4].map(() => system.duplicate(front.descriptor)),
    ];
    const endpoint = tcpEndpoint("127.0.0.1", front.port);
    const given = numbers.map((descriptor) => ({ descriptor, isHeld: false }));
    const sockets = new GivenSockets(system, given, [at(front.port)]);
    const of = (rank: number, count: number) =>
      sockets.socketsFor(endpoint, rank, count).map(({ descriptor }) =>
        numbers.indexOf(descriptor)
      );
    assertEquals([of(0, 2), of(1, 2)], [[0, 2, 4], [1, 3]]);
    assertEquals([of(0, 1)], [[0, 1, 2, 3, 4]]);
    assertEquals([of(0, 6), of(5, 6)], [[0], []]);
    assertEquals([sockets.heldAt(endpoint), sockets.held()], [[], []]);
    sockets.close();
    for (const descriptor of numbers) assert(!isOpen(descriptor));
  },
);

sanitizedTest(
  "those that are held elsewhere are every worker's, as long as a cluster listens there",
  () => {
    const front = bound();
    const endpoint = tcpEndpoint("127.0.0.1", front.port);
    const given = [{ descriptor: front.descriptor, isHeld: true }];
    const sockets = new GivenSockets(system, given, [at(front.port)]);
    const handed = (list: { descriptor: number }[]) => list.map(({ descriptor }) => descriptor);
    assertEquals(handed(sockets.socketsFor(endpoint, 1, 2)), [front.descriptor]);
    sockets.settle();
    assertEquals(handed(sockets.heldAt(endpoint)), [front.descriptor]);
    assertEquals(sockets.held(), [{
      endpoint: `127.0.0.1:${front.port}`,
      descriptor: front.descriptor,
    }]);
    sockets.keepOnly([at(front.port), at(1)]);
    assert(isOpen(front.descriptor));
    sockets.keepOnly([at(1)]);
    assert(!isOpen(front.descriptor));
    assertEquals(sockets.heldAt(endpoint), []);
  },
);

sanitizedTest("a unix socket is its path's", () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/a.sock`;
  const descriptor = system.openSocket(AF_UNIX);
  const address = unixAddress(path);
  assertEquals(system.libc.bind(descriptor, address, address.length), 0);
  assertEquals(system.libc.listen(descriptor, 8), 0);
  const clusters = [`${path}2`, path].map((each) => clusterConfig({ listen: unixEndpoint(each) }));
  const sockets = new GivenSockets(system, [{ descriptor, isHeld: true }], clusters);
  assertEquals(clusters.map(({ listen }) => sockets.has(listen)), [false, true]);
  assertEquals(sockets.heldAt(unixEndpoint(path)).map(({ isHeld }) => isHeld), [true]);
  sockets.close();
  assert(!isOpen(descriptor));
  Deno.removeSync(directory, { recursive: true });
});
