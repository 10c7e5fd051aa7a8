/**
 * The part of the contract of I/O engines that is about listening and accepting.
 *
 * @module
 */
import { failures } from "../../src/failure.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../deps.ts";
import {
  DialOutcome,
  readText,
  type SceneTest,
  type SocketEnd,
} from "../support/rigs/engine_scene.ts";
import { openSystem } from "../support/tools/libc_path.ts";
import { until } from "../support/tools/poll.ts";
import {
  resetBeforeAccept,
  UnacceptedConnections,
} from "../support/clients/unaccepted_connections.ts";

/** Registers the tests for one implementation. */
export function testListeners(test: SceneTest): void {
  testListening(test);
  testAccepting(test);
}

function testListening(test: SceneTest): void {
  test("port 0 becomes a port, and what is accepted there is served", async (scene) => {
    const front = scene.listen();
    assert(front.port > 0, `port ${front.port}`);
    const [server, peer] = await scene.pairWithPeer(front);
    server.echo();
    await peer.write(new TextEncoder().encode("hello"));
    assertEquals(await readText(peer, 5), "hello");
  });

  test("a taken address is an error at once; a shared port can be taken twice", async (scene) => {
    const taken = scene.listen().port;
    const error = assertThrows(() => scene.listen({ port: taken }), Error);
    assertMatch(error.message, /address (already )?in use/i);
    const first = scene.listen({ sharesPort: true });
    const second = scene.listen({ port: first.port, sharesPort: true });
    assertEquals(second.port, first.port);
    await scene.pair();
  });

  test("an address of another machine is an error at once", async (scene) => {
    assertThrows(() => scene.listen({ hostname: "192.0.2.1" }), Error);
    await scene.pair();
  });

  test("share() gives descriptors of its own, or none", async (scene) => {
    const front = scene.listen();
    const shared = front.listener.share();
    assert(new Set(shared).size === shared.length && shared.length <= 1, `${shared}`);
    const system = shared.length === 0 ? null : openSystem();
    for (const descriptor of shared) system!.close(descriptor);
    await scene.pairWithPeer(front);
    await front.listener.close();
    assertEquals(front.listener.share(), []);
  });

  test("close() settles when the address is free, and accepts no more", async (scene) => {
    const front = scene.listen();
    await scene.pairWithPeer(front);
    await Promise.all([front.listener.close(), front.listener.close()]);
    Deno.listen({ hostname: "127.0.0.1", port: front.port }).close();
    const outcome = new DialOutcome();
    scene.dial({ port: front.port }, outcome);
    await until(() => outcome.heard.length > 0, { what: "an outcome" });
    assertEquals([outcome.heard, front.endpoints.length], [["connect_refused"], 1]);
    assertEquals(front.errors, []);
  });
}

function testAccepting(test: SceneTest): void {
  test("clients that reset before they are accepted hold up nobody", async (scene) => {
    const lost = 200;
    const front = scene.listen();
    const onAccepted = front.onAccepted;
    front.onAccepted = (connection) => {
      onAccepted(connection);
      front.endpoints.at(-1)!.echo();
    };
    // Nothing is accepted meanwhile.
    resetBeforeAccept(front.port, lost);
    const beganMs = performance.now();
    const peer = await scene.peer(front.port);
    await peer.write(new TextEncoder().encode("hello"));
    assertEquals(await readText(peer, 5), "hello");
    const tookMs = performance.now() - beganMs;
    // A pause for each would make 20 s of it.
    assert(tookMs < 5_000, `${tookMs} ms behind ${lost} that were lost`);
    // An engine may meet the loss when it accepts, or when it reads.
    assertEquals(front.errors, Array(front.errors.length).fill("client_reset"));
    await until(
      () =>
        front.errors.length + front.endpoints.filter(({ socket }) => socket.isClosed).length ===
          lost,
      { what: "every loss" },
    );
  });

  test("who waits to be accepted when a listener closes is accepted", async (scene) => {
    const front = scene.listen();
    using _waiting = new UnacceptedConnections(front.port, 300);
    await front.listener.close();
    assertEquals([front.endpoints.length, front.errors], [300, []]);
  });

  test("a listener closes, though somebody waits for whom there is no room", async (scene) => {
    const front = scene.listen();
    front.lack = failures.tooManyOpenFiles;
    using _waiting = new UnacceptedConnections(front.port, 3);
    await until(() => front.errors.length > 0, { what: "a look at the room" });
    await front.listener.close();
    // An engine may have begun to accept one before it was short of room.
    assert(front.endpoints.length <= 1, `${front.endpoints.length} accepted`);
  });

  test("who comes while there is no room waits for it, and who is there is served", async (scene) => {
    const front = scene.listen();
    const onAccepted = front.onAccepted;
    front.onAccepted = (connection) => {
      onAccepted(connection);
      front.endpoints.at(-1)!.echo();
      front.lack = front.endpoints.length < 2 ? null : failures.tooManyOpenFiles;
    };
    const peers: Deno.TcpConn[] = [];
    for (let index = 0; index < 5; index++) peers.push(await scene.peer(front.port));
    await until(() => front.errors.length >= 2, { what: "two looks at the room" });
    assertEquals(new Set(front.errors), new Set(["too_many_open_files"]));
    assertEquals(front.endpoints.length, 2);
    await peers[0]!.write(new TextEncoder().encode("hello"));
    assertEquals(await readText(peers[0]!, 5), "hello");
    front.onAccepted = (connection) => {
      onAccepted(connection);
      front.endpoints.at(-1)!.echo();
    };
    front.lack = null;
    await peers[4]!.write(new TextEncoder().encode("hello"));
    assertEquals(await readText(peers[4]!, 5), "hello");
  });

  test("three hundred connections at once are each served their own bytes", async (scene) => {
    const count = 300;
    const front = scene.listen();
    const clients: SocketEnd[] = [];
    for (let index = 0; index < count; index++) {
      const outcome = new DialOutcome();
      outcome.onConnected = (connection) => clients.push(scene.open(connection));
      scene.dial({ port: front.port }, outcome);
    }
    await until(() => clients.length === count, { what: "all connections" });
    await until(() => front.endpoints.length === count, { what: "all accepts" });
    for (const server of front.endpoints) server.echo();
    for (const [index, client] of clients.entries()) {
      client.socket.resume();
      client.send(`client ${index}.`);
    }
    await until(() => clients.every((client) => client.receiver.text.endsWith(".")), {
      what: "all replies",
    });
    assertEquals(
      clients.map((client) => client.receiver.text),
      clients.map((_client, index) => `client ${index}.`),
    );
  });

  test("a connection that is discarded is closed for the other side", async (scene) => {
    const front = scene.listen();
    front.onAccepted = (connection) => connection.discard();
    assertEquals(await readText(await scene.peer(front.port)), "");
  });
}
