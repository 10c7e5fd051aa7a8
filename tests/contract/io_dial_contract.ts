/**
 * The part of the contract of I/O engines that is about connecting: outcomes, deadlines, names,
 * giving up.
 *
 * @module
 */
import { type Endpoint, tcpEndpoint } from "../../src/endpoint.ts";
import type { Connection } from "../../src/net/io_engine.ts";
import { assert, assertEquals } from "../deps.ts";
import {
  DialOutcome,
  type EngineScene,
  readText,
  type SceneTest,
  type SocketEnd,
} from "../support/rigs/engine_scene.ts";
import { until } from "../support/tools/poll.ts";

/** A name that no resolver knows (RFC 6761). */
const UNKNOWN_NAME = "no-such-host.invalid";

const hasIpv6 = canBind("::1");

/** Registers the tests for one implementation. */
export function testDials(test: SceneTest): void {
  testDialing(test);
  testFailedDials(test);
  testDeadlines(test);
  testCancelling(test);
}

function testDialing(test: SceneTest): void {
  test("a dialled connection is served at both ends", async (scene) => {
    const [server, client] = await scene.pair();
    server.echo();
    client.send("hello");
    await until(() => client.receiver.text === "hello", { what: "the reply" });
  });

  test("a dialled connection knows both of its ends", async (scene) => {
    const front = scene.listen();
    const outcome = new DialOutcome();
    let ends: (Endpoint | null)[] = [];
    outcome.onConnected = (connection) => {
      ends = [connection.local, connection.peer];
      scene.open(connection);
    };
    scene.dial({ port: front.port }, outcome);
    const server = await front.endpoint(0);
    await until(() => ends.length > 0, { what: "the connection" });
    assertEquals(ends, [server.socket.peer, tcpEndpoint("127.0.0.1", front.port)]);
  });

  test("a name is looked up", async (scene) => {
    const front = scene.listen({ hostname: "localhost" });
    const client = await scene.connect(front.port, "localhost");
    client.socket.resume();
    (await front.endpoint(0)).send("hello");
    await until(() => client.receiver.text === "hello", { what: "a greeting" });
  });

  test("a dialled connection that is discarded is closed for the other side", async (scene) => {
    const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    scene.own(server);
    const outcome = new DialOutcome();
    scene.dial({ port: server.addr.port }, outcome);
    const accepted = await server.accept();
    scene.own(accepted);
    assertEquals([await readText(accepted), outcome.heard], ["", ["connected"]]);
  });

  // A machine may have no IPv6; then there is nothing to try it on.
  const testIpv6: SceneTest = hasIpv6 ? test : () => {};
  testIpv6("IPv6 is listened on and dialled", async (scene) => {
    const front = scene.listen({ hostname: "::1" });
    const client = await scene.connect(front.port, "::1");
    client.socket.resume();
    (await front.endpoint(0)).send("hello");
    await until(() => client.receiver.text === "hello", { what: "a greeting" });
  });
}

function testFailedDials(test: SceneTest): void {
  test("a refused connection is told once", async (scene) => {
    const front = scene.listen();
    await front.listener.close();
    assertEquals(await outcomeOf(scene, { port: front.port }), ["connect_refused"]);
  });

  test("an unknown name is told once", async (scene) => {
    const target = { hostname: UNKNOWN_NAME, port: 7000 };
    assertEquals(await outcomeOf(scene, target), ["name_unresolved"]);
  });

  test("an address that no packet can go to is told by the system's own reason", async (scene) => {
    const target = { hostname: "255.255.255.255", port: 7000 };
    assertEquals(await outcomeOf(scene, target), ["network_unreachable"]);
  });

  test("who dials hears of the outcome only after dial() has returned", async (scene) => {
    const open = scene.listen().port;
    const closing = scene.listen();
    await closing.listener.close();
    const targets = [
      { hostname: "127.0.0.1", port: open },
      { hostname: "localhost", port: open },
      { hostname: "127.0.0.1", port: closing.port },
      // Linux refuses to connect to this one at once, without asking anybody.
      { hostname: "255.255.255.255", port: 7000 },
      { hostname: UNKNOWN_NAME, port: 7000 },
      { hostname: "", port: 7000 },
    ];
    for (const target of targets) {
      const outcome = new DialOutcome();
      scene.dial(target, outcome);
      assertEquals([target.hostname, outcome.heard], [target.hostname, []]);
      await until(() => outcome.heard.length > 0, { what: `an outcome for "${target.hostname}"` });
    }
  });
}

function testDeadlines(test: SceneTest): void {
  test("after the deadline the attempt has failed, and not before", async (scene) => {
    const port = await fullPort(scene);
    const beganMs = performance.now();
    assertEquals(await outcomeOf(scene, { port, timeoutMs: 120 }), ["connect_timeout"]);
    const tookMs = performance.now() - beganMs;
    assert(tookMs > 110 && tookMs < 1000, `${tookMs} ms`);
    await scene.fence();
  });
}

function testCancelling(test: SceneTest): void {
  test("a cancelled attempt says nothing and leaves nothing open", async (scene) => {
    const heard: string[] = [];
    const outcome = new DialOutcome();
    outcome.onConnected = (connection: Connection) => {
      heard.push("connected");
      connection.discard();
    };
    const open = scene.listen().port;
    const full = await fullPort(scene);
    const targets = [
      { hostname: "127.0.0.1", port: open },
      { hostname: "localhost", port: open },
      { hostname: "127.0.0.1", port: full },
      { hostname: UNKNOWN_NAME, port: 7000 },
    ];
    for (const target of targets) {
      const dial = scene.dial({ ...target, timeoutMs: 50 }, outcome);
      dial.cancel();
      dial.cancel();
    }
    // Its deadline is far away: on a busy machine the fence may take a while.
    const later = scene.dial({ port: full, timeoutMs: 60_000 }, outcome);
    await scene.fence();
    later.cancel();
    // Those that were not cancelled take longer than any of the above could.
    assertEquals(await outcomeOf(scene, { port: full, timeoutMs: 120 }), ["connect_timeout"]);
    const unknown = { hostname: UNKNOWN_NAME, port: 7000 };
    assertEquals(await outcomeOf(scene, unknown), ["name_unresolved"]);
    assertEquals([heard, outcome.heard], [[], []]);
  });

  test("cancelling a connected attempt changes nothing", async (scene) => {
    const front = scene.listen();
    const outcome = new DialOutcome();
    const clients: SocketEnd[] = [];
    outcome.onConnected = (connection) => clients.push(scene.open(connection));
    const dial = scene.dial({ port: front.port }, outcome);
    await until(() => clients.length > 0, { what: "the connection" });
    dial.cancel();
    (await front.endpoint(0)).send("hello");
    const { receiver, socket } = clients[0]!;
    socket.resume();
    await until(() => receiver.text === "hello", { what: "a greeting" });
    assertEquals(outcome.heard, ["connected"]);
  });
}

/** How an attempt ends. */
async function outcomeOf(
  scene: EngineScene,
  target: Parameters<EngineScene["dial"]>[0],
): Promise<string[]> {
  const outcome = new DialOutcome();
  scene.dial(target, outcome);
  await until(() => outcome.heard.length > 0, { what: "an outcome" });
  // Whatever were said twice would have been said by now.
  await scene.fence();
  return outcome.heard;
}

/** A port whose queue of connections is full: Linux drops what asks for one more. */
async function fullPort(scene: EngineScene): Promise<number> {
  const options = { hostname: "127.0.0.1", port: 0, tcpBacklog: 1 };
  const listener = Deno.listen(options);
  scene.own(listener);
  const { port } = listener.addr;
  // Linux queues one more than the backlog says.
  for (let count = 0; count < 2; count++) await scene.peer(port);
  return port;
}

function canBind(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
