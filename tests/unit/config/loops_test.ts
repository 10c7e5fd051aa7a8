import { findLoops, type LoopNode } from "../../../src/config/loops.ts";
import { parseServerLine } from "../../../src/config/server_line.ts";
import { parseSocketAddress } from "../../../src/config/socket_address.ts";
import { assertEquals } from "../../deps.ts";

/** Clusters that listen and lead where the lists say; the path of a server is `cluster:server`. */
function nodes(...clusters: [listen: string, ...servers: string[]][]): LoopNode[] {
  return clusters.map(([listen, ...servers], index) => ({
    listenPath: `${index}.listen_addr`,
    listeners: listen === ""
      ? []
      : [{ path: `${index}.listen_addr`, endpoint: parseSocketAddress(listen).value! }],
    servers: servers.map((line, at) => ({
      server: parseServerLine(line).value!,
      path: `${index}:${at}`,
      line,
    })),
  }));
}

/** Where loops are found. */
function pathsOf(...clusters: [listen: string, ...servers: string[]][]): string[] {
  return findLoops(nodes(...clusters)).map(({ path }) => path);
}

Deno.test("a cluster that is its own server is found by each name that says so", () => {
  for (
    const [listen, server] of [
      ["127.0.0.1:9001", "127.0.0.1:9001"],
      ["127.0.0.1:9001", "localhost:9001"],
      ["127.0.0.1:9001", "[::ffff:127.0.0.1]:9001"],
      ["127.0.0.1:9001", "0.0.0.0:9001"],
      ["0.0.0.0:9001", "127.0.0.1:9001"],
      ["0.0.0.0:9001", "127.3.2.1:9001"],
      ["0.0.0.0:9001", "[::ffff:7f00:1]:9001"],
      ["[::]:9001", "[::1]:9001"],
      ["[::]:9001", "127.0.0.1:9001"],
      ["cache.example:9001", "CACHE.example.:9001"],
    ] as const
  ) assertEquals(pathsOf([listen, "10.0.0.1:9001", server]), ["0:1"], `${server} at ${listen}`);
});

Deno.test("other ports, other hosts, and what no file tells are no loops", () => {
  assertEquals(pathsOf(["127.0.0.1:9001", "127.0.0.1:9002"]), []);
  assertEquals(pathsOf(["127.0.0.1:9001", "127.0.0.2:9001"]), []);
  assertEquals(pathsOf(["0.0.0.0:9001", "10.0.0.1:9001", "[::1]:9001"]), []);
  assertEquals(pathsOf(["", "127.0.0.1:9001"]), []);
});

Deno.test("clusters that lead to each other are found, however many there are", () => {
  const [a, b, c, d] = [1, 2, 3, 4].map((number) => `127.0.0.1:900${number}`) as [
    string,
    string,
    string,
    string,
  ];
  const outside = "10.0.0.1:6379";
  assertEquals(pathsOf([a, b], [b, a]), ["1:0"]);
  assertEquals(pathsOf([a, outside, b], [b, c], [c, outside, outside, a]), ["2:2"]);
  assertEquals(pathsOf([b, a], [a, b, outside], [c, d], [d, c]), ["1:0", "3:0"]);
  assertEquals(pathsOf([a, a, b], [b, a]), ["0:0", "1:0"]);
});

Deno.test("a cluster in front of others is no loop", () => {
  const [a, b, c] = ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"];
  assertEquals(pathsOf([a!, b!, c!], [b!, c!], [c!, "10.0.0.1:6379"]), []);
  assertEquals(pathsOf([c!, "10.0.0.1:6379"], [b!, c!], [a!, b!, c!]), []);
});

Deno.test("the message says which keys to change", () => {
  const [own] = findLoops(nodes(["127.0.0.1:9001", "127.0.0.1:9001"]));
  assertEquals(
    own!.message,
    "expected another address than the cluster's own: 0.listen_addr is 127.0.0.1:9001; give the " +
      "cluster another listen_addr, or name the server's own port here",
  );
  const [long] = findLoops(nodes(["a:1", "b:2"], ["b:2", "a:1"]));
  assertEquals(
    long!.message,
    "expected a server, and no way back to this cluster: 0.listen_addr is a:1, and leads to " +
      "1.listen_addr again; name the servers' own addresses",
  );
});
