/**
 * What a run of the model test counted.
 *
 * @module
 */
import type { ReplyTally } from "./dialect.ts";
import { FaultCounts } from "./faults.ts";
import { HalfCloseCounts } from "./half_closer.ts";
import { ClientCounts } from "./model_client.ts";
import { ActorCounts } from "./memcache_actors.ts";
import { CrowdCounts } from "./subscriber_crowd.ts";

/** What a run counted. */
export class RunReport implements ReplyTally {
  readonly clients = new ClientCounts();
  readonly halfCloses = new HalfCloseCounts();
  readonly faults = new FaultCounts();
  readonly crowd = new CrowdCounts();
  readonly actors = new ActorCounts();
  /** Of a process that is restarted again and again. */
  readonly restarted = new ClientCounts();
  /** What two times of turmoil left behind, for people. */
  leftBehind = "";
  readonly errors = new Map<string, number>();
  succeededCount = 0;
  failedCount = 0;
  /** Of the proxy, when last looked at. */
  memoryBytes = 0;
  memoryMostBytes = 0;
  descriptors = 0;

  succeeded(): void {
    this.succeededCount += 1;
  }

  failed(text: string): void {
    this.failedCount += 1;
    const kind = text.replace(/\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS").replace(/\d{3,}/g, "N");
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }

  /** Which errors there were more of than `before`, and how many more. */
  errorsSince(before: ReadonlyMap<string, number>): string {
    const added = [...this.errors].map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)]);
    return added.filter(([, count]) => count !== 0).map((one) => one.join(": ")).join(", ");
  }

  /** The proxy was looked at. */
  looked(memoryBytes: number, descriptors: number): void {
    this.memoryBytes = memoryBytes;
    this.memoryMostBytes = Math.max(this.memoryMostBytes, memoryBytes);
    this.descriptors = descriptors;
  }

  /** One line for people. */
  toString(): string {
    const { requests, connections, closedByProxy } = this.clients;
    const errors = [...this.errors].map(([kind, count]) => `${kind}: ${count}`).join(", ");
    const faults = [...this.faults.byKind].map(([kind, count]) => `${kind}: ${count}`).join(", ");
    const { storms, confirmations, errors: cut } = this.crowd;
    return `${requests} requests on ${connections} connections, ` +
      `${closedByProxy} closed by limits, ` +
      `${this.halfCloses}, ` +
      `${this.actors}, ${this.restarted.requests} requests to restarted proxies, ` +
      `${this.succeededCount} good replies, ${this.failedCount} errors {${errors}}, ` +
      `${storms} crowds of subscribers with ${confirmations} confirmations and ${cut} cut off, ` +
      `${this.faults.sum} faults {${faults}}, ${this.descriptors} descriptors, ` +
      `${mebibytes(this.memoryBytes)} MiB, at most ${mebibytes(this.memoryMostBytes)} MiB` +
      (this.leftBehind === "" ? "" : `, ${this.leftBehind}`);
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
