/**
 * One client of the proxy's own answers, with backends that a test plays: requests go through the client's stage
 * first, as in a session.
 *
 * @module
 */
import type { RedisContext, RedisFeature } from "../../../src/redis/core/feature.ts";
import { RedisLocal } from "../../../src/redis/local.ts";
import type { Transaction } from "../../../src/redis/transaction/transaction.ts";
import { transactionOf } from "../../../src/redis/transaction/watch.ts";
import { Verdict } from "../../../src/session/stages.ts";
import { CoreRig } from "./core_rig.ts";
import { type FakeTcpConn, turn } from "../fakes/fake_tcp_conn.ts";
import { frameOf, LocalRigClient } from "./local_rig.ts";
import { type ContextOptions, redisContext } from "./redis_context.ts";

/** What became of a request: answered here (now or later), to go its usual way, or to be shown again. */
export type Outcome = "answered" | "passed" | "waits";

/** The features of Redis with a client and backends, without sockets. */
export class FeatureScene implements Disposable {
  readonly rig = new CoreRig();
  readonly client: LocalRigClient;
  readonly context: RedisContext;
  readonly local: RedisLocal;
  readonly #transactions = new Set<Transaction>();

  constructor(
    createFeatures: (context: RedisContext) => readonly RedisFeature[],
    options: ContextOptions = {},
    version: 2 | 3 = 2,
  ) {
    this.client = new LocalRigClient(version);
    this.context = redisContext(this.rig, { clients: () => [this.client], ...options });
    this.local = new RedisLocal(this.context, createFeatures(this.context));
    this.rig.furtherChecks.push(() => this.#checkTransactions());
  }

  /** Those too that are over. */
  #checkTransactions(): void {
    const transaction = transactionOf(this.client);
    if (transaction !== null) this.#transactions.add(transaction);
    for (const one of this.#transactions) one.checkInvariants();
  }

  /** Shows the client's stage a request, and has it answered if the stage lets it pass and its row is local. */
  ask(line: string): Outcome {
    const outcome = this.#ask(line);
    this.rig.checkInvariants();
    return outcome;
  }

  #ask(line: string): Outcome {
    const { frame, bytes } = frameOf(line.split(" "));
    const verdict = this.client.stage?.onRequest(this.client, frame, bytes) ?? Verdict.Pass;
    if (verdict === Verdict.Wait) return "waits";
    if (verdict === Verdict.Handled) return "answered";
    if (frame.refusal !== null) {
      if (this.local.takeRefused(this.client, frame, bytes)) return "answered";
      this.client.reply(frame.refusal, 0, frame.refusal.length);
      return "passed";
    }
    if (frame.row!.firstKey > 0 && frame.row!.action === 0) return "passed";
    return this.local.answer(this.client, frame, bytes) ? "answered" : "waits";
  }

  /** Shows a request that its row refuses to those who may answer it all the same; false: it is refused. */
  take(words: string[]): boolean {
    const { frame, bytes } = frameOf(words);
    return this.local.takeRefused(this.client, frame, bytes);
  }

  /** Asks several, and returns what the client was told. */
  askAll(...lines: string[]): string[] {
    for (const line of lines) this.ask(line);
    return this.told();
  }

  /** What the client was told since it was last asked, line ends left out. */
  told(): string[] {
    return this.client.replies.splice(0).map((reply) => reply.replaceAll("\r\n", " ").trim());
  }

  /** Accepts the connection to a backend, which answers nothing by itself. */
  async accept(backend: number): Promise<FakeTcpConn> {
    const conn = await this.rig.accept(backend);
    await turn();
    return conn;
  }

  /** Ends everything, and sees that nothing was kept. */
  async ends(): Promise<void> {
    this.client.stage?.onClose();
    this.local.stop();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

/** Requests as they were written, one a word list: `*2 $3 GET $1 a` becomes `GET a`. */
export function requestsIn(written: string): string[] {
  const requests: string[] = [];
  for (const line of written.split("\r\n")) {
    if (line.startsWith("*")) requests.push("");
    else if (!line.startsWith("$") && line !== "") {
      requests.push(`${requests.pop()} ${line}`.trim());
    }
  }
  return requests;
}

/** A backend's reply of several lines, as the rig's protocol has it. */
export function bulkLine(text: string): string {
  return `$${text.length + "\r\n".length}\n${text}\r\n`;
}
