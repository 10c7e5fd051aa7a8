/**
 * CLIENT LIST, KILL and REPLY over the clients of all workers.
 *
 * @module
 */
import { failures } from "../../../../src/failure.ts";
import { ClientMarks } from "../../../../src/redis/client/client_marks.ts";
import { EVERY_CLIENT } from "../../../../src/redis/client/client_filter.ts";
import { Login } from "../../../../src/redis/login/mod.ts";
import { ClientRegistry } from "../../../../src/redis/client/client_registry.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { redisContext, RigPeers } from "../../../support/rigs/redis_context.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function scene(rig: CoreRig) {
  const clients = [new LocalRigClient(), new LocalRigClient(3)];
  const peers = new RigPeers();
  const context = redisContext(rig, { clients: () => clients, peers });
  const listed = new ClientRegistry(context, new ClientMarks(), new Login(context));
  const request = localRequest(clients[0]!, "CLIENT", "LIST");
  return { clients, peers, listed, request };
}

Deno.test("the list has a line for each client, those of other workers included, by id", () => {
  using rig = new CoreRig();
  const { clients, peers, listed, request } = scene(rig);
  peers.count = 1;
  peers.answers = [[[3, "id=3 other"], [9, "id=9 other"]], undefined];
  assertEquals(listed.list(request, []), null);
  assertMatch(
    clients[0]!.replies[0]!,
    /\r\nid=3 other\nid=7 addr=10.0.0.9:50007 .*\nid=7 .* resp=3 lib-name= lib-ver=\nid=9 other\n\r\n$/,
  );
  assertEquals(peers.told.map(({ topic }) => topic), ["client list"]);
});

Deno.test("other workers are answered with this worker's lines, and kill theirs", () => {
  using rig = new CoreRig();
  const { clients, peers, listed, request } = scene(rig);
  assertMatch(textOf(listed.info(request)), /resp=2 lib-name= lib-ver=\n\r\n$/);
  let list: unknown;
  peers.laterHandlers.get("client list")!(EVERY_CLIENT, (lines) => list = lines);
  assertEquals((list as unknown[]).length, 2);
  assertEquals(peers.handlers.get("client kill")!(EVERY_CLIENT), 2);
  assertEquals(clients.map(({ closedBy }) => closedBy), Array(2).fill(failures.clientKilled));
});

Deno.test("who kills itself is told before it is closed", () => {
  using rig = new CoreRig();
  const { clients, listed, request } = scene(rig);
  assertEquals(textOf(listed.kill(request, ["1.2.3.4:5"])!), "-ERR No such client\r\n");
  assertEquals(textOf(listed.kill(request, ["10.0.0.9:50007"])!), "+OK\r\n");
  assertEquals([clients[0]!.isClosing, clients[0]!.closedBy], [true, null]);
});
