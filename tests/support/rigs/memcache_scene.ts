/**
 * One client of the proxy's own memcache answers, with servers that a test plays.
 *
 * @module
 */
import { type MemcacheContext, MemcacheLocal } from "../../../src/memcached/local.ts";
import { createMemcacheProtocol } from "../../../src/protocol/memcache/mod.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import type { UserConfig } from "../../../src/config/config.ts";
import { clusterConfig, serverAt } from "./cluster_config.ts";
import { CoreRig } from "./core_rig.ts";
import { type FakeTcpConn, turn } from "../fakes/fake_tcp_conn.ts";
import { Verdict, type VerdictCode } from "../../../src/session/stages.ts";
import { LocalRigClient } from "./local_rig.ts";
import { observedLists, RigPeers } from "./redis_context.ts";

/** The features of memcached with a client and backends without sockets; its servers are named `m0`, `m1`, …. */
export class MemcacheScene implements Disposable {
  readonly rig: CoreRig;
  readonly client = new LocalRigClient();
  readonly context: MemcacheContext;
  readonly local: MemcacheLocal;
  readonly #protocol = createMemcacheProtocol();

  constructor(backendCount = 2, users: readonly UserConfig[] = []) {
    this.rig = new CoreRig({ backendCount, protocol: this.#protocol });
    this.context = {
      config: clusterConfig({
        type: "memcache",
        users: [...users],
        servers: this.rig.backends.map(({ endpoint, address }, index) => ({
          ...serverAt(0),
          endpoint,
          address,
          alias: `m${index}`,
        })),
      }),
      peers: new RigPeers(),
      clients: () => [this.client],
      userChanged: () => {},
      backends: this.rig.context,
      router: this.rig.router,
      observed: observedLists(this.rig.slowLog),
      startedAtMs: performance.now(),
    };
    this.local = new MemcacheLocal(this.context);
  }

  /** Has a request answered that is the proxy's own to answer. */
  ask(request: string): void {
    const frame = new RequestFrame();
    const bytes = new TextEncoder().encode(request);
    this.#protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
    this.local.answer(this.client, frame, bytes);
  }

  /** Shows the client's stage a request first, as a session does; whether it may pass. */
  onRequest(request: string): VerdictCode {
    const { client } = this;
    const frame = new RequestFrame();
    const bytes = toBytes(request);
    const dialect = this.#protocol.dialectOf!(bytes[0]!);
    client.profiles = dialect.profiles;
    dialect.createRequestParser(frame).parse(bytes, 0, bytes.length);
    return client.stage === null ? Verdict.Pass : client.stage.onRequest(client, frame, bytes);
  }

  /** What the client was told since it was last asked. */
  told(): string[] {
    return this.client.replies.splice(0);
  }

  /** Accepts the connection to a server; its writes are taken. */
  async accept(backend: number): Promise<FakeTcpConn> {
    const conn = await this.rig.accept(backend);
    await conn.takesAll();
    await turn();
    return conn;
  }

  /** Ends everything, and sees that nothing was kept. */
  async ends(): Promise<void> {
    this.local.stop();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

/** One byte a character. */
function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
