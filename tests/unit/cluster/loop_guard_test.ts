import { parseSocketAddress } from "../../../src/config/socket_address.ts";
import { LoopGuard } from "../../../src/cluster/loop_guard.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import type { Connection } from "../../../src/net/io_engine.ts";
import { assertEquals } from "../../deps.ts";

function connection(local: string, peer: string): Connection {
  return {
    local: parseSocketAddress(local).value,
    peer: parseSocketAddress(peer).value,
    open() {
      throw new Error("nobody opens it");
    },
    discard() {},
  };
}

/** Guards of clusters a, b, c, … in two workers, which share what they see. */
function guards(...listens: [hostname: string, port: number][]): LoopGuard[][] {
  const memory = new SharedArrayBuffer(listens.length ** 2);
  const names = "abcdef";
  const listeners = listens.map(([hostname, port], index) => ({
    name: names[index]!,
    endpoint: tcpEndpoint(hostname, port),
  }));
  return [0, 1].map(() => listeners.map(({ name }) => new LoopGuard(memory, listeners, name)));
}

Deno.test("a connection to the cluster's own listener is a loop, whatever it is called by", () => {
  const cases: [listen: string, local: string, peer: string, isLoop: boolean][] = [
    ["127.0.0.1", "127.0.0.1:50000", "127.0.0.1:9001", true],
    ["127.0.0.1", "[::ffff:7f00:1]:50000", "[::ffff:7f00:1]:9001", true],
    ["localhost", "127.0.0.1:50000", "127.0.0.1:9001", true],
    ["::1", "[::1]:50000", "[::1]:9001", true],
    ["192.0.2.1", "192.0.2.1:50000", "192.0.2.1:9001", true],
    ["0.0.0.0", "192.0.2.1:50000", "192.0.2.1:9001", true],
    ["0.0.0.0", "127.0.0.1:50000", "127.9.9.9:9001", true],
    ["0.0.0.0", "[::1]:50000", "[::1]:9001", false],
    ["::", "[2001:db8::1]:50000", "[2001:db8::1]:9001", true],
    ["::", "192.0.2.1:50000", "192.0.2.1:9001", true],
    // Another machine, another port, another listener of this machine.
    ["0.0.0.0", "192.0.2.1:50000", "192.0.2.2:9001", false],
    ["127.0.0.1", "127.0.0.1:50000", "127.0.0.1:9002", false],
    ["127.0.0.1", "192.0.2.1:50000", "192.0.2.1:9001", false],
    ["192.0.2.1", "127.0.0.1:50000", "127.0.0.1:9001", false],
    // It is gone already.
    ["127.0.0.1", "", "", false],
    ["127.0.0.1", "127.0.0.1:50000", "", false],
  ];
  for (const [listen, local, peer, isLoop] of cases) {
    const [[guard]] = guards([listen, 9001]) as [[LoopGuard]];
    assertEquals(guard.isLoop(connection(local, peer)), isLoop, `${peer} at ${listen}`);
  }
});

Deno.test("clusters that lead to each other are a loop as soon as the last link is made, in any worker", () => {
  const [first, second] = guards(["127.0.0.1", 1], ["127.0.0.1", 2], ["127.0.0.1", 3]) as [
    LoopGuard[],
    LoopGuard[],
  ];
  const to = (port: number) => connection("127.0.0.1:50000", `127.0.0.1:${port}`);
  const [a, b] = first;
  const c = second[2]!;
  assertEquals([a!.isLoop(to(2)), b!.isLoop(to(3)), c.isLoop(to(4))], [false, false, false]);
  assertEquals(c.isLoop(to(1)), true);
  assertEquals(second[0]!.isLoop(to(2)), true, "and from now on none of its links is made");
  assertEquals(second[0]!.isLoop(to(4)), false);
});

Deno.test("a cluster in front of others is no loop", () => {
  const [[a, b, c]] = guards(["127.0.0.1", 1], ["127.0.0.1", 2], ["127.0.0.1", 3]) as [
    LoopGuard[],
  ];
  const to = (port: number) => connection("127.0.0.1:50000", `127.0.0.1:${port}`);
  for (let round = 0; round < 2; round++) {
    assertEquals([a!.isLoop(to(2)), a!.isLoop(to(3)), b!.isLoop(to(3))], [false, false, false]);
    assertEquals(c!.isLoop(connection("192.0.2.1:50000", "192.0.2.9:1")), false);
  }
});

Deno.test("a cluster that no longer listens leads wherever it likes", () => {
  const [[a]] = guards(["127.0.0.1", 1], ["127.0.0.1", 2]) as [[LoopGuard]];
  a.setListeners(new SharedArrayBuffer(1), [{ name: "b", endpoint: tcpEndpoint("127.0.0.1", 2) }]);
  assertEquals(a.isLoop(connection("127.0.0.1:50000", "127.0.0.1:2")), false);
});
