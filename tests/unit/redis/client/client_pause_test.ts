/**
 * CLIENT PAUSE: which requests wait, until when, and when it is answered.
 *
 * @module
 */
import { ClientPause, DRAIN_MAX_MS } from "../../../../src/redis/client/client_pause.ts";
import { Verdict, type VerdictCode } from "../../../../src/session/stages.ts";
import { assertEquals } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { frameOf, localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { redisContext, RigPeers } from "../../../support/rigs/redis_context.ts";

function scene(rig: CoreRig) {
  const clients = [new LocalRigClient(), new LocalRigClient(3)];
  const peers = new RigPeers();
  const pause = new ClientPause(redisContext(rig, { clients: () => clients, peers }));
  const request = localRequest(clients[0]!, "CLIENT", "PAUSE", "1");
  return { clients, peers, pause, request, client: clients[0]! };
}

function verdict(client: LocalRigClient, ...words: string[]): VerdictCode {
  const { frame, bytes } = frameOf(words);
  return client.stage === null ? Verdict.Pass : client.stage.onRequest(client, frame, bytes);
}

Deno.test("a pause of writes lets reads go on, a stricter one adds to it, UNPAUSE ends both", () => {
  using rig = new CoreRig();
  const { client, clients, pause, request, peers } = scene(rig);
  assertEquals(textOf(pause.pause(request, ["1000", "WRITE"])!), "+OK\r\n");
  assertEquals(verdict(client, "GET", "a"), Verdict.Pass);
  assertEquals(client.stage!.onInputEnd(), false);
  assertEquals(verdict(client, "SET", "a", "1"), Verdict.Wait);
  assertEquals(client.stage!.onInputEnd(), true, "what waits now is not carried out");
  assertEquals(verdict(client, "EVAL", "return 1", "0"), Verdict.Wait);
  assertEquals(verdict(client, "PFCOUNT", "a"), Verdict.Wait);
  assertEquals(textOf(pause.pause(request, ["1"])!), "+OK\r\n");
  assertEquals(textOf(pause.pause(request, ["1", "write"])!), "+OK\r\n");
  assertEquals(verdict(client, "GET", "a"), Verdict.Wait);
  assertEquals(verdict(client, "NOSUCH"), Verdict.Pass, "refused at once");
  assertEquals(verdict(client, "client", "Unpause"), Verdict.Pass);
  assertEquals(verdict(client, "CLIENT", "ID"), Verdict.Wait);
  assertEquals(textOf(pause.unpause()), "+OK\r\n");
  assertEquals(clients.map(({ stage, parsedOn }) => [stage, parsedOn]), Array(2).fill([null, 1]));
  const pauses = peers.told.map(({ topic }) => topic);
  assertEquals(pauses, [...Array(3).fill("client pause"), "client unpause"]);
});

Deno.test("it ends by itself, and newcomers are paused too", () => {
  using rig = new CoreRig();
  const { client, pause, request } = scene(rig);
  pause.pause(request, ["1000"]);
  const newcomer = new LocalRigClient();
  pause.onConnect(newcomer);
  assertEquals(verdict(newcomer, "GET", "a"), Verdict.Wait);
  // It is as long as was asked for, also where the process stands still meanwhile.
  rig.clock.standStill(998);
  rig.clock.advance(1);
  assertEquals(verdict(client, "GET", "a"), Verdict.Wait);
  rig.clock.advance(1);
  assertEquals(verdict(client, "GET", "a"), Verdict.Pass);
  const another = new LocalRigClient();
  pause.onConnect(another);
  assertEquals(another.stage, null);
});

Deno.test("a pause of all ends before a longer one of writes", () => {
  using rig = new CoreRig();
  const { client, pause, request } = scene(rig);
  pause.pause(request, ["1000"]);
  pause.pause(request, ["60000", "WRITE"]);
  assertEquals(verdict(client, "GET", "a"), Verdict.Wait);
  rig.clock.advance(1000);
  assertEquals([client.parsedOn, verdict(client, "GET", "a")], [1, Verdict.Pass]);
  assertEquals(verdict(client, "SET", "a", "1"), Verdict.Wait);
  rig.clock.advance(59_000);
  assertEquals(client.stage, null);
});

Deno.test("PAUSE is answered when what was sent before it is, on all workers", () => {
  using rig = new CoreRig();
  const { client, clients, peers, pause, request } = scene(rig);
  peers.count = 1;
  peers.answers = [false];
  clients[1]!.hasRequestsInFlight = true;
  assertEquals(pause.pause(request, ["60000"]), null);
  rig.clock.advance(1);
  assertEquals(client.replies, []);
  assertEquals(peers.handlers.get("client pause drained")!(null), false);
  clients[1]!.hasRequestsInFlight = false;
  rig.clock.advance(1);
  assertEquals(client.replies, [], "the other worker still has some");
  peers.answers = [true];
  rig.clock.advance(1);
  assertEquals(client.replies, ["+OK\r\n"]);
});

Deno.test("PAUSE does not wait for ever", () => {
  using rig = new CoreRig();
  const { client, clients, pause, request } = scene(rig);
  clients[1]!.hasRequestsInFlight = true;
  assertEquals(pause.pause(request, ["60000"]), null);
  rig.clock.advance(DRAIN_MAX_MS);
  assertEquals(client.replies, ["+OK\r\n"]);
});

Deno.test("another worker's pause and its end count here", () => {
  using rig = new CoreRig();
  const { client, peers } = scene(rig);
  peers.handlers.get("client pause")!({ mode: 2, durationMs: 1000 });
  assertEquals(verdict(client, "GET", "a"), Verdict.Wait);
  peers.handlers.get("client unpause")!(null);
  assertEquals(verdict(client, "GET", "a"), Verdict.Pass);
});
