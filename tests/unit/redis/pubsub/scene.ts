/**
 * Subscribers upon fake connections to servers that a test plays.
 *
 * @module
 */
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import type { RedisContext } from "../../../../src/redis/core/feature.ts";
import { Hub } from "../../../../src/redis/pubsub/hub.ts";
import { Pubsub } from "../../../../src/redis/pubsub/pubsub.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import type { HandlerId } from "../../../../src/protocol/resp/commands/handlers.ts";
import type { Answers } from "../../../../src/redis/core/feature.ts";
import { LocalRequest } from "../../../../src/redis/core/local_request.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { redisContext, RigPeers } from "../../../support/rigs/redis_context.ts";

/** An array of bulk strings; a number is one. */
export function said(...words: (string | number)[]): string {
  const parts = words.map((word) =>
    typeof word === "number" ? `:${word}\r\n` : `$${word.length}\r\n${word}\r\n`
  );
  return `*${words.length}\r\n${parts.join("")}`;
}

/** The same in RESP3. */
export function pushed(...words: (string | number)[]): string {
  return `>${said(...words).slice(1)}`;
}

/** Pub/sub of one worker. */
export class PubsubScene implements Disposable {
  readonly rig: CoreRig;
  readonly hub: Hub;
  readonly pubsub: Pubsub;
  readonly peers = new RigPeers();
  readonly context: RedisContext;

  constructor(options: { isCluster?: boolean; backendCount?: number } = {}) {
    this.rig = new CoreRig({ backendCount: options.backendCount ?? 2 });
    this.context = redisContext(this.rig, {
      isCluster: options.isCluster ?? false,
      backends: { ...this.rig.context, protocol: createRespProtocol() },
      peers: this.peers,
    });
    this.hub = new Hub(this.context);
    this.pubsub = new Pubsub(this.context, this.hub);
  }

  /** Bytes that the subscriptions are said to take. */
  get byteCount(): number {
    return this.hub.byteCount;
  }

  /** Sends a request as a session does: stages first. */
  ask(client: LocalRigClient, ...words: string[]): void {
    const { frame, bytes } = frameOf(words);
    if (client.stage !== null) {
      const verdict = client.stage.onRequest(client, frame, bytes);
      if (verdict !== Verdict.Pass) return;
    }
    const answers: Partial<Answers> = this.pubsub.answers;
    const answer = answers[frame.row!.handler as HandlerId];
    const reply = answer?.(new LocalRequest(client, frame, bytes)) ?? null;
    if (reply !== null) client.reply(reply);
  }

  /** A client that subscribes to a channel; its backend confirms it unless somebody has it already. */
  async subscribed(conn: FakeTcpConn, version: 2 | 3, channel: string): Promise<LocalRigClient> {
    const client = new LocalRigClient(version);
    await this.subscribe(client, conn, channel);
    return client;
  }

  /** The same for a client that there is. */
  async subscribe(client: LocalRigClient, conn: FakeTcpConn, channel: string): Promise<void> {
    const { length } = client.replies;
    this.ask(client, "SUBSCRIBE", channel);
    if (client.replies.length === length) await conn.receives(said("subscribe", channel, 1));
  }

  /** The connection to a backend is accepted. */
  async accept(backend: number): Promise<FakeTcpConn> {
    // Long requests connect at the end of the turn.
    await turn();
    const conn = await this.rig.accept(backend);
    await turn();
    return conn;
  }

  async ends(): Promise<void> {
    this.pubsub.stop();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}
