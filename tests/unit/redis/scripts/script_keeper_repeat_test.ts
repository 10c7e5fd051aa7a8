/**
 * A NOSCRIPT of a script that is known is repaired where the call has certainly not run, and is the client's elsewhere.
 *
 * @module
 */
import { sha1Hex } from "../../../../src/hash/mod.ts";
import { requestBytes } from "../../../../src/protocol/resp/write/replies.ts";
import { ScriptKeeper } from "../../../../src/redis/scripts/script_keeper.ts";
import type { Exchange } from "../../../../src/request/exchange.ts";
import { Request, type RequestOwner } from "../../../../src/request/request.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import type { FakeTcpConn } from "../../../support/fakes/fake_tcp_conn.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const decoder = new TextDecoder();
const NO_SCRIPT = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
const BODY = "return(1)";
const SHA = sha1Hex(bytesOf(BODY));
const CALL = `EVALSHA ${SHA} 0`;
const LYING = "return{err=ARGV[1]}";
const LOAD = `SCRIPT LOAD ${BODY}`;

/** A session's part: error replies are shown to the keeper first. */
class Scene implements RequestOwner {
  readonly scene = new FeatureScene(() => []);
  readonly keeper = new ScriptKeeper(this.scene.context);
  readonly request: Request;
  readonly told: string[] = [];
  redirected = 0;

  constructor() {
    this.keeper.learn(bytesOf(BODY));
    this.keeper.learn(bytesOf(LYING));
    this.request = this.scene.rig.context.requests.takeRequest();
    this.request.begin(this, false, 0);
  }

  /** Sends a call, and has the server answer it; SCRIPT LOAD ahead of it is answered with OK. */
  async call(line: string, reply: string): Promise<FakeTcpConn> {
    const { requests } = this.scene.rig.context;
    const exchange = requests.takeExchange();
    exchange.begin(this.request, 0, 0, false, this.scene.client);
    exchange.hasOwnErrors = true;
    this.request.exchange = exchange;
    const { client } = this.scene;
    const connection = this.scene.rig.backends[0]!
      .connectionFor(client.number, client.profiles.master);
    const { frame, bytes } = frameOf(line.split(" "));
    this.keeper.beforeScript(connection, exchange, frame, bytes);
    const sent = requestBytes(...line.split(" "));
    connection.send(exchange, sent, 0, sent.length);
    const conn = await this.scene.accept(0);
    const isLoaded = requestsIn(conn.written).length === 2;
    await conn.receives(isLoaded ? `+sha\r\n${reply}` : reply);
    return conn;
  }

  requestReplied(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
  ): void {
    if (isError && exchange.hasOwnErrors) {
      if (this.keeper.scriptFailed(request, exchange, bytes, start, end)) return;
    }
    this.#over(decoder.decode(bytes.subarray(start, end)).trim());
  }

  requestFailed(_request: Request, _exchange: Exchange, failure: { name: string }): void {
    this.#over(`failed: ${failure.name}`);
  }

  requestRedirected(): void {
    this.redirected += 1;
  }

  requestGrows(): void {}

  async ends(): Promise<void> {
    await this.scene.ends();
  }

  #over(text: string): void {
    this.told.push(text);
    this.scene.rig.context.requests.releaseRequest(this.request);
  }
}

Deno.test("the script is loaded, and the call repeated right behind", async () => {
  const scene = new Scene();
  const conn = await scene.call(CALL, NO_SCRIPT);
  assertEquals(requestsIn(conn.written), [LOAD, CALL, LOAD, CALL]);
  assertEquals([scene.told, scene.redirected], [[], 1]);
  await conn.receives("+sha\r\n:1\r\n");
  assertEquals(scene.told, [":1"]);
  await scene.ends();
});

Deno.test("what Valkey says of an unknown script is understood, too", async () => {
  const scene = new Scene();
  const conn = await scene.call(CALL, "-NOSCRIPT No matching script.\r\n");
  assertEquals(requestsIn(conn.written), [LOAD, CALL, LOAD, CALL]);
  await conn.receives("+sha\r\n:1\r\n");
  assertEquals(scene.told, [":1"]);
  await scene.ends();
});

Deno.test("a second NOSCRIPT is the client's", async () => {
  const scene = new Scene();
  const conn = await scene.call(CALL, NO_SCRIPT);
  await conn.receives(`+sha\r\n${NO_SCRIPT}`);
  assertEquals(scene.told, [NO_SCRIPT.trim()]);
  await scene.ends();
});

Deno.test("a server that is lost meanwhile fails the call", async () => {
  const scene = new Scene();
  await (await scene.call(CALL, NO_SCRIPT)).ends();
  assertEquals(scene.told, ["failed: backend_closed"]);
  await scene.ends();
});

Deno.test("a client that leaves meanwhile is told nothing", async () => {
  const scene = new Scene();
  const conn = await scene.call(CALL, NO_SCRIPT);
  scene.request.exchange!.swallow();
  scene.scene.rig.context.requests.releaseRequest(scene.request);
  await conn.receives("+sha\r\n:1\r\n");
  assertEquals(scene.told, []);
  await scene.ends();
});

Deno.test("other words, other commands, scripts that could say it, unknown ones and later requests in flight are not repaired", async () => {
  for (
    const [line, reply, hasLater] of [
      [CALL, "-NOSCRIPT mine\r\n", false],
      [CALL, "-ERR no\r\n", false],
      [CALL, NO_SCRIPT, true],
      [`FCALL ${SHA} 0`, NO_SCRIPT, false],
      [`EVALSHA ${sha1Hex(bytesOf(LYING))} 0`, NO_SCRIPT, false],
      [`EVALSHA ${SHA.replaceAll(/./g, "0")} 0`, NO_SCRIPT, false],
    ] as const
  ) {
    const scene = new Scene();
    if (hasLater) scene.request.next = new Request();
    const conn = await scene.call(line, reply);
    assertEquals(scene.told, [reply.trim()]);
    assertEquals(requestsIn(conn.written).filter((request) => request === line).length, 1);
    await scene.ends();
  }
});
