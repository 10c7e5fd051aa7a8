/**
 * A worker without a thread, for the tests of those who command workers.
 *
 * @module
 */
import type { WorkerPort } from "../../../src/supervisor/worker_handle.ts";
import type {
  StartMessage,
  SupervisorMessage,
  WorkerMessage,
} from "../../../src/worker/messages.ts";
import { snapshot, VITALS } from "./snapshots.ts";

/** A worker that does what a test says; what it was told is kept. */
export class FakeWorker implements WorkerPort {
  onmessage: ((event: MessageEvent<WorkerMessage>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly received: SupervisorMessage[] = [];
  isTerminated = false;
  /** Requests it says it counted; null: it does not answer. */
  requests: number | null = 0;
  isStuck = false;
  /** It leaves every ping unanswered. */
  isMute = false;
  /** What it could not do of the next configurations. */
  problems: string[] = [];

  get start(): StartMessage {
    return this.received[0] as StartMessage;
  }

  postMessage(message: SupervisorMessage): void {
    this.received.push(message);
    if (message.kind === "collect" && this.requests !== null) {
      const clusters = [snapshot("main", { requests: this.requests })];
      const { question } = message;
      queueMicrotask(() => this.say({ kind: "metrics", question, clusters, vitals: VITALS }));
    }
    if (message.kind === "ping" && !this.isMute) queueMicrotask(() => this.say({ kind: "pong" }));
    if (message.kind === "configure" && !this.isStuck) {
      queueMicrotask(() => this.say({ kind: "configured", problems: this.problems }));
    }
    if (message.kind === "stop" && !this.isStuck) {
      queueMicrotask(() => this.say({ kind: "stopped" }));
    }
  }

  terminate(): void {
    this.isTerminated = true;
  }

  say(message: WorkerMessage): void {
    this.onmessage?.(new MessageEvent("message", { data: message }));
  }

  listen(): void {
    this.say({ kind: "listening", workerNumber: this.start.workerNumber });
  }

  /** Answers the last question of that kind. */
  answerFreed(): void {
    const asked = this.received.at(-1)!;
    if (asked.kind !== "await_freed") throw new Error(`Was last asked ${asked.kind}`);
    this.say({ kind: "freed", question: asked.question });
  }

  die(reason: string): void {
    this.onerror?.(new ErrorEvent("error", { message: reason, cancelable: true }));
  }

  kinds(): string[] {
    return this.received.map(({ kind }) => kind);
  }
}
