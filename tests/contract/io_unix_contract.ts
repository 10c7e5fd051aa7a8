/**
 * The part of the contract of I/O engines that is about unix sockets.
 *
 * @module
 */
import { unixAsidePath, unixEndpoint, unixWorkshop } from "../../src/endpoint.ts";
import type { ListenOptions } from "../../src/net/io_engine.ts";
import { assert, assertEquals, assertThrows } from "../deps.ts";
import {
  DialOutcome,
  type EngineScene,
  type Front,
  type SceneTest,
  type SocketEnd,
} from "../support/rigs/engine_scene.ts";
import { until } from "../support/tools/poll.ts";

/** Registers the tests for one implementation. */
export function testUnixSockets(test: SceneTest): void {
  testUnixListeners(testInDirectory(test));
  testUnixDials(testInDirectory(test));
}

/** A test with the path of a socket in a directory of its own. */
type PathTest = (title: string, run: (scene: EngineScene, path: string) => Promise<void>) => void;

function testInDirectory(test: SceneTest): PathTest {
  return (title, run) =>
    test(title, async (scene) => {
      const directory = await Deno.makeTempDir();
      scene.own({ close: () => Deno.removeSync(directory, { recursive: true }) });
      await run(scene, `${directory}/s.sock`);
      const left = [...Deno.readDirSync(directory)].map(({ name }) => name);
      assertEquals(left.filter((name) => name.endsWith(".new")), [], "nothing is left aside");
    });
}

function listen(scene: EngineScene, path: string, mode?: number): Front {
  const options: ListenOptions = { endpoint: unixEndpoint(path), sharesPort: false };
  const front = scene.listenBy({ ...options, ...mode === undefined ? {} : { mode } });
  const { onAccepted } = front;
  front.onAccepted = (connection) => {
    onAccepted(connection);
    front.endpoints.at(-1)!.echo();
  };
  return front;
}

/** Whoever connects is served by `front`, which echoes what comes. */
async function assertServes(scene: EngineScene, path: string, front: Front): Promise<SocketEnd> {
  const before = front.endpoints.length;
  const [outcome, client] = await connect(scene, path);
  assertEquals(outcome, ["connected"]);
  client!.socket.resume();
  client!.send("hello");
  await until(() => client!.receiver.text === "hello", { what: "an echo" });
  assert(front.endpoints.length > before, "it was this one");
  return client!;
}

async function connect(
  scene: EngineScene,
  path: string,
): Promise<[heard: string[], client: SocketEnd | null]> {
  const outcome = new DialOutcome();
  const clients: SocketEnd[] = [];
  outcome.onConnected = (connection) => clients.push(scene.open(connection));
  scene.engine.dial({ endpoint: unixEndpoint(path), timeoutMs: 5_000 }, outcome);
  assertEquals(outcome.heard, [], "who dials hears of the outcome behind its turn");
  await until(() => outcome.heard.length > 0, { what: "an outcome", intervalMs: 1 });
  return [outcome.heard, clients[0] ?? null];
}

/** Leaves a socket that nobody listens by, as a process does that is killed. */
function leaveSocket(path: string): void {
  const elsewhere = `${path}~`;
  const listener = Deno.listen({ transport: "unix", path: elsewhere });
  Deno.renameSync(elsewhere, path);
  listener.close();
}

function modeOf(path: string): string {
  return (Deno.lstatSync(path).mode! & 0o777).toString(8);
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket === true;
  } catch {
    return false;
  }
}

function testUnixListeners(test: PathTest): void {
  test("a file is listened at by its mode, and both ends know it", async (scene, path) => {
    const front = listen(scene, path, 0o660);
    assertEquals([modeOf(path), front.port], ["660", 0]);
    const client = await assertServes(scene, path, front);
    const { local, peer } = front.endpoints[0]!.socket;
    assertEquals([local, peer], [unixEndpoint(path), unixEndpoint(path)]);
    assertEquals(client.socket.peer, unixEndpoint(path));
  });

  test("without a mode the file is its owner's alone", async (scene, path) => {
    listen(scene, path);
    assertEquals(modeOf(path), "600");
    await scene.fence();
  });

  test("close() removes the file, and nobody is accepted any more", async (scene, path) => {
    const front = listen(scene, path);
    await front.listener.close();
    assertEquals(exists(path), false);
    await front.listener.close();
    assertEquals((await connect(scene, path))[0], ["socket_missing"]);
  });

  test("a file that nobody listens at is replaced", async (scene, path) => {
    leaveSocket(path);
    assertEquals(exists(path), true);
    assertEquals((await connect(scene, path))[0], ["connect_refused"]);
    await assertServes(scene, path, listen(scene, path));
  });

  test(
    "whoever listens later has the file, and keeps it when the former closes",
    async (scene, path) => {
      const former = listen(scene, path);
      await assertServes(scene, path, former);
      const later = listen(scene, path, 0o666);
      await former.listener.close();
      assertEquals(modeOf(path), "666");
      await assertServes(scene, path, later);
      assertEquals(former.endpoints.length, 1);
    },
  );

  test("what another process left of its making is cleared away", async (scene, path) => {
    Deno.mkdirSync(unixWorkshop(path));
    leaveSocket(unixAsidePath(path));
    // As old as this may seem.
    Deno.utimeSync(unixWorkshop(path), 1, 1);
    await assertServes(scene, path, listen(scene, path));
  });

  test("a process that is about to listen there is not disturbed", async (scene, path) => {
    const aside = scene.listenBy({
      endpoint: unixEndpoint(path),
      sharesPort: false,
      isAside: true,
    });
    assertEquals(exists(path), false, "nobody finds it yet");
    assertThrows(() => listen(scene, path), Error, "another process is about to listen there");
    Deno.renameSync(unixAsidePath(path), path);
    Deno.removeSync(unixWorkshop(path));
    const [outcome] = await connect(scene, path);
    await until(() => aside.endpoints.length > 0, { what: "an accept" });
    assertEquals(outcome, ["connected"]);
    await aside.listener.close();
    assertEquals(exists(path), false);
  });

  test("one that was never to be found leaves nothing behind", async (scene, path) => {
    const options = { endpoint: unixEndpoint(path), sharesPort: false, isAside: true };
    await scene.listenBy(options).listener.close();
    await assertServes(scene, path, listen(scene, path));
  });

  test("a file that is no socket, and a link, are left alone", async (scene, path) => {
    Deno.writeTextFileSync(path, "precious");
    assertThrows(() => listen(scene, path), Error, "the file there is no socket");
    assertEquals(Deno.readTextFileSync(path), "precious");
    const link = `${path}.link`;
    Deno.symlinkSync(path, link);
    assertThrows(() => listen(scene, link), Error, "the file there is no socket");
    assertEquals(Deno.lstatSync(link).isSymlink, true);
    await scene.fence();
  });

  test("a directory that is not there is an error at once", async (scene, path) => {
    assertThrows(() => listen(scene, `${path}/none/s.sock`), Error);
    await scene.fence();
  });
}

function testUnixDials(test: PathTest): void {
  test("a path where nothing is, or no socket, is told by its reason", async (scene, path) => {
    assertEquals((await connect(scene, path))[0], ["socket_missing"]);
    Deno.writeTextFileSync(path, "");
    assertEquals((await connect(scene, path))[0], ["connect_refused"]);
    assertEquals((await connect(scene, `${path}/s`))[0], ["socket_missing"]);
  });

  test("an attempt that was given up tells nobody", async (scene, path) => {
    const front = listen(scene, path);
    const outcome = new DialOutcome();
    const dial = scene.engine.dial({ endpoint: unixEndpoint(path), timeoutMs: 5_000 }, outcome);
    dial.cancel();
    dial.cancel();
    await assertServes(scene, path, front);
    await scene.fence();
    assertEquals(outcome.heard, []);
  });
}
