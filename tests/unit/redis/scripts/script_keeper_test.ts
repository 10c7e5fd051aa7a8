/**
 * SCRIPT LOAD goes ahead of the first EVALSHA on a connection, and again once the server has lost its scripts.
 *
 * @module
 */
import { SCRIPT_BYTES } from "../../../../src/redis/scripts/script_cache.ts";
import { sha1Hex } from "../../../../src/hash/mod.ts";
import { requestBytes } from "../../../../src/protocol/resp/write/replies.ts";
import { Exchange } from "../../../../src/request/exchange.ts";
import { ScriptKeeper } from "../../../../src/redis/scripts/script_keeper.ts";
import { Chunk } from "../../../../src/bytes/chunk_pool.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";
import { assertEquals } from "../../../deps.ts";

const BODY = "return(1)";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const SHA = sha1Hex(bytesOf(BODY));

function createScene() {
  const peers = new RigPeers();
  const scene = new FeatureScene(() => [], { peers });
  const keeper = new ScriptKeeper(scene.context);
  const connection = scene.rig.backends[0]!.connectionFor(0, scene.client.profiles.master);
  const ask = (line: string) => {
    const { frame, bytes } = frameOf(line.split(" "));
    const exchange = new Exchange();
    keeper.beforeScript(connection, exchange, frame, bytes);
    return exchange.repeatable;
  };
  return { scene, peers, keeper, connection, ask };
}

Deno.test("a script that is known is loaded once a connection", async () => {
  const { scene, keeper, peers, ask } = createScene();
  using _ = scene;
  ask(`EVALSHA ${SHA} 1 k0`);
  ask(`EVAL ${BODY} 1 k0`);
  ask(`EVAL ${BODY} 1 k0`);
  assertEquals(peers.told.map(({ topic }) => topic), ["script learnt"]);
  assertEquals([keeper.knows(SHA.toUpperCase()), keeper.knows("x")], [true, false]);
  ask(`EVALSHA ${SHA.toUpperCase()} 1 k0`);
  ask(`EVALSHA_RO ${SHA} 1 k0`);
  ask("EVALSHA short 1 k0");
  const conn = await scene.accept(0);
  assertEquals(requestsIn(conn.written), [`SCRIPT LOAD ${BODY}`]);
  await conn.receives("+sha\r\n");
  await scene.ends();
});

Deno.test("after a loss of scripts, or of the connection, it is loaded again", async () => {
  const { scene, keeper, ask } = createScene();
  using _ = scene;
  keeper.learn(bytesOf(BODY));
  ask(`EVALSHA ${SHA} 0`);
  const conn = await scene.accept(0);
  await conn.receives("+sha\r\n");
  ask(`EVALSHA ${SHA} 0`);
  await turn();
  assertEquals(requestsIn(conn.written).length, 1);
  keeper.hasLost(scene.rig.backends[0]!);
  ask(`EVALSHA ${SHA} 0`);
  await turn();
  assertEquals(requestsIn(conn.written).length, 2);
  await conn.receives("+sha\r\n");
  await conn.ends();
  ask(`EVALSHA ${SHA} 0`);
  const next = await scene.accept(0);
  assertEquals(requestsIn(next.written), [`SCRIPT LOAD ${BODY}`]);
  await next.receives("+sha\r\n");
  await scene.ends();
});

Deno.test("a script is provided once a server, and whoever waits hears of it", async () => {
  const { scene, keeper } = createScene();
  using _ = scene;
  const [backend] = scene.rig.backends;
  let doneCount = 0;
  const provide = () => keeper.provide(scene.client, backend!, SHA, () => doneCount += 1);
  assertEquals(provide(), false);
  keeper.learn(bytesOf(BODY));
  assertEquals([provide(), doneCount], [true, 0]);
  const conn = await scene.accept(0);
  await conn.receives("-NOPERM\r\n");
  assertEquals([provide(), doneCount], [true, 1], "an error is no confirmation");
  await conn.receives("+sha\r\n");
  assertEquals([provide(), doneCount], [false, 2]);
  await conn.ends();
  assertEquals(provide(), true);
  await (await scene.accept(0)).ends();
  assertEquals(doneCount, 3, "a lost server is not waited for");
  await scene.ends();
});

Deno.test("what an EVAL brings is kept again after it had to go", () => {
  const peers = new RigPeers();
  using scene = new FeatureScene(() => [], {
    peers,
    config: clusterConfig({ scriptCacheBytes: SCRIPT_BYTES + 10 }),
  });
  const keeper = new ScriptKeeper(scene.context);
  const learnFrom = (line: string) => {
    const { frame, bytes } = frameOf(line.split(" "));
    return keeper.learnFrom(frame, bytes);
  };
  assertEquals([learnFrom(`EVAL ${BODY} 0`), keeper.knows(SHA)], [true, true]);
  assertEquals([learnFrom("EVAL return(2) 0"), keeper.knows(SHA)], [true, false]);
  assertEquals([learnFrom(`EVAL_RO ${BODY} 0`), keeper.knows(SHA)], [true, true]);
  const toldCount = peers.told.length;
  learnFrom(`EVAL ${BODY} 0`);
  learnFrom("EVAL return(1000000) 0");
  assertEquals(peers.told.length, toldCount, "what is known, or does not fit, is not told");
  assertEquals(learnFrom(`EVALSHA ${SHA} 0`), false);
});

Deno.test("a server that lacks what it was given counts as one without scripts", async () => {
  const { scene, keeper, ask } = createScene();
  using _ = scene;
  const [backend] = scene.rig.backends;
  keeper.learn(bytesOf(BODY));
  keeper.isMissingAt(backend!, scene.client, SHA);
  ask(`EVALSHA ${SHA} 0`);
  const conn = await scene.accept(0);
  ask(`EVALSHA ${SHA} 0`);
  keeper.isMissingAt(backend!, scene.client, "0".repeat(40));
  ask(`EVALSHA ${SHA} 0`);
  await turn();
  assertEquals(requestsIn(conn.written).length, 1);
  keeper.isMissingAt(backend!, scene.client, SHA.toUpperCase());
  ask(`EVALSHA ${SHA} 0`);
  await turn();
  assertEquals(requestsIn(conn.written).length, 2);
  await conn.receives("+sha\r\n+sha\r\n");
  await scene.ends();
});

Deno.test("a call that is sent elsewhere has its script ahead there, other requests do not", async () => {
  const { scene, keeper, connection } = createScene();
  using _ = scene;
  keeper.learn(bytesOf(BODY));
  assertEquals(scene.context.router.resendListener, keeper);
  const resend = (...words: string[]) => {
    const former = new Exchange();
    former.chunk = new Chunk(requestBytes(...words));
    former.end = former.chunk.bytes.length;
    keeper.beforeResend(connection, former, former.end);
  };
  resend("FCALL", SHA, "0");
  resend("EVALSHA", "0".repeat(40), "0");
  resend("EVALSHA");
  resend("evalsha_ro", SHA.toUpperCase(), "0");
  resend("EVALSHA", SHA, "0");
  const conn = await scene.accept(0);
  assertEquals(requestsIn(conn.written), [`SCRIPT LOAD ${BODY}`]);
  await conn.receives("+sha\r\n");
  await scene.ends();
});

Deno.test("other workers' scripts are known here, until one of them flushes", () => {
  const { scene, keeper, peers } = createScene();
  using _ = scene;
  peers.handlers.get("script learnt")!({ sha: SHA, body: bytesOf(BODY) });
  assertEquals(keeper.knows(SHA), true);
  peers.handlers.get("script flush")!(null);
  assertEquals(keeper.knows(SHA), false);
  keeper.learn(bytesOf(BODY));
  keeper.flush();
  assertEquals([keeper.knows(SHA), peers.told.at(-1)!.topic], [false, "script flush"]);
});

Deno.test("small calls of scripts are kept for repeating", async () => {
  const { scene, keeper, ask } = createScene();
  using _ = scene;
  keeper.learn(bytesOf(BODY));
  assertEquals(ask(`EVALSHA ${SHA} 0`), requestBytes("EVALSHA", SHA, "0"));
  assertEquals(ask(`EVALSHA ${SHA} 1 ${"k".repeat(5000)}`), null);
  assertEquals(ask(`EVAL ${BODY} 0`), null);
  assertEquals(ask(`FCALL ${SHA} 0`), null);
  const conn = await scene.accept(0);
  await conn.receives("+sha\r\n");
  await scene.ends();
});

Deno.test("known scripts count as what they take, and are forgotten where memory is short", () => {
  const { scene, keeper } = createScene();
  using _ = scene;
  keeper.learn(bytesOf(BODY));
  assertEquals([keeper.heldBytes, keeper.holderFields], [
    SCRIPT_BYTES + BODY.length,
    { scripts: scene.context.config.name },
  ]);
  keeper.shed();
  assertEquals([keeper.heldBytes, keeper.knows(SHA)], [0, false]);
});
