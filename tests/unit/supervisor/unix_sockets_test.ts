/**
 * The main thread's part in unix sockets: on epoll it has them for all workers, on Deno's sockets it puts those into their
 * places that waited for a takeover.
 *
 * @module
 */
import type { ClusterConfig } from "../../../src/config/config.ts";
import { tcpEndpoint, unixAsidePath, unixEndpoint, unixWorkshop } from "../../../src/endpoint.ts";
import { listenAtFile } from "../../../src/net/deno/unix_listen.ts";
import { isServedAt } from "../../../src/net/deno/unix_trial.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { createUnixSockets, type UnixSockets } from "../../../src/supervisor/unix_sockets.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { openDescriptors } from "../../support/tools/descriptors.ts";
import { libcPath } from "../../support/tools/libc_path.ts";
import { assertEquals, assertRejects } from "../../deps.ts";

/** What came from elsewhere: one socket at one address, held by somebody. */
const OTHER = unixEndpoint("/run/other.sock");
const others = {
  has: (endpoint: unknown) => JSON.stringify(endpoint) === JSON.stringify(OTHER),
  socketsFor: () => [{ descriptor: 77, isHeld: true }],
  heldAt: () => [{ descriptor: 77, isHeld: true }],
};

function cluster(path: string, unixMode = 0o600): ClusterConfig {
  return clusterConfig({ name: path, listen: unixEndpoint(path), unixMode });
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const before = openDescriptors().size;
  try {
    await run(directory);
    assertEquals(openDescriptors().size, before);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
}

function epollSockets(): UnixSockets {
  return createUnixSockets({ engine: "epoll", libcPath }, false, others);
}

Deno.test("on epoll workers get one socket, and it is found when it is put into its place", () =>
  inDirectory(async (directory) => {
    const sockets = epollSockets();
    const [a, b] = [cluster(`${directory}/a`), cluster(`${directory}/b`, 0o666)];
    const port = clusterConfig({ name: "port", listen: tcpEndpoint("127.0.0.1", 1) });
    const given = clusterConfig({ name: "given", listen: OTHER });
    assertEquals(await sockets.fault(unixEndpoint(`${directory}/a`)), null);
    const clusters = [a, b, port, given];
    await sockets.open(clusters);
    assertEquals(namesIn(directory), ["a.new", "b.new"]);
    const source = sockets.source!;
    const [[first], [second]] = [
      source.socketsFor(a.listen, 0, 2),
      source.socketsFor(a.listen, 1, 2),
    ];
    assertEquals([first, first!.isHeld], [second, false]);
    assertEquals(source.heldAt(a.listen), [first!]);
    assertEquals(source.socketsFor(given.listen, 0, 1), [{ descriptor: 77, isHeld: true }]);
    assertEquals(source.heldAt(port.listen), [{ descriptor: 77, isHeld: true }]);
    assertEquals([sockets.place(clusters), sockets.place(clusters)], [[], []]);
    assertEquals(namesIn(directory), ["a", "b"]);
    assertEquals(Deno.lstatSync(`${directory}/b`).mode! & 0o777, 0o666);
    assertEquals(await sockets.isServed(unixEndpoint(`${directory}/a`)), true);
    assertEquals(await sockets.fault(unixEndpoint(`${directory}/a`)), "address already in use");
    sockets.keepOnly([a]);
    assertEquals(namesIn(directory), ["a"]);
    sockets.keepOnly([]);
    assertEquals(namesIn(directory), []);
  }));

Deno.test("on epoll another mode is another socket at the same path, which is served all the while", () =>
  inDirectory(async (directory) => {
    const sockets = epollSockets();
    const path = `${directory}/a`;
    await sockets.open([cluster(path)]);
    sockets.place([cluster(path)]);
    const [former] = sockets.source!.heldAt(unixEndpoint(path));
    await sockets.open([cluster(path)]);
    assertEquals(sockets.source!.heldAt(unixEndpoint(path)), [former!], "nothing has changed");
    const next = [cluster(path, 0o660)];
    await sockets.open(next);
    assertEquals(sockets.source!.heldAt(unixEndpoint(path)).length, 1);
    assertEquals(await isServedAt(path), true);
    sockets.place(next);
    sockets.keepOnly(next);
    assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o660);
    assertEquals([await isServedAt(path), namesIn(directory)], [true, ["a"]]);
    sockets.keepOnly([]);
    assertEquals(namesIn(directory), []);
  }));

Deno.test("on epoll sockets that cannot be had are all named, and nothing is left open", () =>
  inDirectory(async (directory) => {
    const sockets = epollSockets();
    Deno.writeTextFileSync(`${directory}/file`, "");
    const clusters = ["fine", "file", "none/s"].map((name) => cluster(`${directory}/${name}`));
    const error = await assertRejects(() => sockets.open(clusters), StartError);
    assertEquals(error.message.split("\n").length, 2);
    assertEquals(namesIn(directory), ["file"]);
    assertEquals(
      error.message.includes(
        `Cannot listen on unix:${directory}/file for cluster "${directory}/file": the file there is ` +
          "no socket",
      ),
      true,
    );
  }));

Deno.test("on epoll a place that has become something else is told, and what waits is cleared at the end", () =>
  inDirectory(async (directory) => {
    const sockets = epollSockets();
    const clusters = [cluster(`${directory}/a`)];
    await sockets.open(clusters);
    Deno.mkdirSync(`${directory}/a`);
    assertEquals(sockets.place(clusters), [
      `Cluster "${directory}/a" cannot be found at unix:${directory}/a: Is a directory`,
    ]);
    sockets.keepOnly([]);
    assertEquals(namesIn(directory), ["a"]);
  }));

Deno.test("on Deno's sockets workers have their own, which wait for a takeover to be put into place", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a`;
    const clusters = [cluster(path)];
    const sockets = createUnixSockets({ engine: "deno" }, true, null);
    assertEquals(sockets.source, null);
    Deno.mkdirSync(unixWorkshop(path));
    await sockets.open(clusters);
    assertEquals(namesIn(directory), [], "what was left there is cleared");
    const worker = listenAtFile(path, 0o600, true);
    assertEquals(await isServedAt(unixAsidePath(path)), true);
    assertEquals(sockets.place(clusters), []);
    assertEquals([namesIn(directory), await sockets.isServed(unixEndpoint(path))], [["a"], true]);
    assertEquals(await sockets.fault(unixEndpoint(path)), "address already in use");
    worker.close();
    assertEquals(sockets.place(clusters), [], "from now on workers do it themselves");
    sockets.keepOnly([]);
    assertEquals(namesIn(directory), []);
  }));

Deno.test("on Deno's sockets a socket that is not there to be put into place is told", () =>
  inDirectory(async (directory) => {
    const sockets = createUnixSockets({ engine: "deno" }, true, null);
    await Promise.resolve();
    const [problem] = sockets.place([cluster(`${directory}/a`)]);
    assertEquals(problem!.startsWith(`Cluster "${directory}/a" cannot be found at unix:`), true);
  }));
