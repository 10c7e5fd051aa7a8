/**
 * A NOSCRIPT of a script that is known is repaired where the call has certainly not run, and is the client's elsewhere.
 *
 * @module
 */
import { sha1Hex } from "../../../../src/hash/mod.ts";
import { requestBytes } from "../../../../src/protocol/resp/replies.ts";
import { ScriptKeeper } from "../../../../src/redis/scripts/script_keeper.ts";
import { includes } from "../../../../src/redis/scripts/script_repair.ts";
import type { Exchange } from "../../../../src/request/exchange.ts";
import { Request, type RequestOwner } from "../../../../src/request/request.ts";
import { FeatureScene, requestsIn } from "../../../support/feature_scene.ts";
import type { FakeTcpConn } from "../../../support/fake_tcp_conn.ts";
import { assertEquals } from "../../../deps.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const decoder = new TextDecoder();
const NO_SCRIPT = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
/** Has the word itself. */
const LYING = "return{err='NOSCRIPT'}";
const HONEST = "return(1)";

/** A session's part: error replies are shown to the keeper first. */
class Scene implements RequestOwner {
  readonly scene = new FeatureScene(() => []);
  readonly keeper = new ScriptKeeper(this.scene.context);
  readonly request: Request;
  readonly told: string[] = [];
  redirected = 0;

  constructor(body: string | null) {
    if (body !== null) this.keeper.learn(bytesOf(body));
    this.request = this.scene.rig.context.requests.takeRequest();
    this.request.begin(this, false, 0);
  }

  /** Sends EVALSHA, and has the server answer. */
  async call(body: string, reply: string): Promise<FakeTcpConn> {
    const { requests } = this.scene.rig.context;
    const exchange = requests.takeExchange();
    exchange.begin(this.request, 0, 0, false, this.scene.client);
    exchange.isScript = true;
    this.request.exchange = exchange;
    const { client } = this.scene;
    const connection = this.scene.rig.backends[0]!
      .connectionFor(client.number, client.profiles.master);
    const sent = requestBytes("EVALSHA", sha1Hex(bytesOf(body)), "0");
    connection.send(exchange, sent, 0, sent.length);
    const conn = await this.scene.accept(0);
    await conn.receives(reply);
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
    if (isError && exchange.isScript) {
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

const call = (body: string) => `EVALSHA ${sha1Hex(bytesOf(body))} 0`;

Deno.test("a script without the word is loaded, and the call repeated right behind", async () => {
  const scene = new Scene(HONEST);
  const conn = await scene.call(HONEST, NO_SCRIPT);
  assertEquals(requestsIn(conn.written), [call(HONEST), `SCRIPT LOAD ${HONEST}`, call(HONEST)]);
  assertEquals([scene.told, scene.redirected], [[], 1]);
  await conn.receives("+sha\r\n:1\r\n");
  assertEquals(scene.told, [":1"]);
  await scene.ends();
});

Deno.test("a second NOSCRIPT is the client's", async () => {
  const scene = new Scene(HONEST);
  const conn = await scene.call(HONEST, NO_SCRIPT);
  await conn.receives(`+sha\r\n${NO_SCRIPT}`);
  assertEquals(scene.told, [NO_SCRIPT.trim()]);
  await scene.ends();
});

Deno.test("of a script with the word the server is asked, and believed", async () => {
  const scene = new Scene(LYING);
  const conn = await scene.call(LYING, NO_SCRIPT);
  assertEquals(requestsIn(conn.written), [
    call(LYING),
    `SCRIPT EXISTS ${sha1Hex(bytesOf(LYING))}`,
  ]);
  await conn.receives("*1 :1\r\n");
  assertEquals(scene.told, [NO_SCRIPT.trim()]);
  await scene.ends();
});

Deno.test("a server that is lost while it is asked leaves the NOSCRIPT to the client", async () => {
  const scene = new Scene(LYING);
  await (await scene.call(LYING, NO_SCRIPT)).ends();
  assertEquals(scene.told, [NO_SCRIPT.trim()]);
  await scene.ends();
});

Deno.test("a client that leaves meanwhile is told nothing", async () => {
  const scene = new Scene(LYING);
  const conn = await scene.call(LYING, NO_SCRIPT);
  scene.request.exchange!.swallow();
  scene.scene.rig.context.requests.releaseRequest(scene.request);
  await conn.receives("*1 :1\r\n");
  assertEquals(scene.told, []);
  await scene.ends();
});

Deno.test("unknown bodies, other words and later requests in flight are not repaired", async () => {
  for (
    const [body, reply, hasLater] of [
      [null, NO_SCRIPT, false],
      [HONEST, "-NOSCRIPT mine\r\n", false],
      [HONEST, "-ERR no\r\n", false],
      [HONEST, NO_SCRIPT, true],
    ] as const
  ) {
    const scene = new Scene(body);
    if (hasLater) scene.request.next = new Request();
    const conn = await scene.call(HONEST, reply);
    assertEquals(scene.told, [reply.trim()]);
    assertEquals(requestsIn(conn.written), [call(HONEST)]);
    await scene.ends();
  }
});

Deno.test("bytes are found wherever they stand", () => {
  assertEquals(includes(bytesOf("aab"), bytesOf("ab")), true);
  assertEquals(includes(bytesOf("aa"), bytesOf("ab")), false);
  assertEquals(includes(bytesOf(""), bytesOf("a")), false);
});
