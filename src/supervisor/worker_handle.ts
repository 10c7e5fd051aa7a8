/**
 * One running worker as the supervisor sees it: what it said last, and the questions it still has to answer.
 *
 * @module
 */
import { type Clock, Deadline } from "../clock.ts";
import type { ClusterConfig } from "../config/config.ts";
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { joinParts, type MetricsPart } from "./joined_metrics.ts";
import type {
  ConfigureMessage,
  DrainTimes,
  InspectedPart,
  InspectTopic,
  PauseCount,
  ServerOrder,
  SharedSocket,
  StartMessage,
  SupervisorMessage,
  WorkerMessage,
  WorkerVitals,
} from "../worker/messages.ts";

/** Longest wait for a worker to go over to other settings, milliseconds. */
export const CONFIGURE_TIMEOUT_MS = 10_000;

/** The part of `Worker` that is used, so that a test can put its own in its place. */
export interface WorkerPort {
  onmessage: ((event: MessageEvent<WorkerMessage>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: SupervisorMessage): void;
  terminate(): void;
}

/** Who hears what a worker does. Nothing is said after `onEnd`. */
export interface WorkerReceiver {
  onListening(worker: WorkerHandle): void;
  /** A message that is neither of its start and end nor an answer. */
  onMessage(worker: WorkerHandle, message: WorkerMessage): void;
  /** It died, or could not start; `cluster` is empty where the reason lies in no single one. */
  onEnd(worker: WorkerHandle, cluster: string, reason: string): void;
}

/** A question that waits for its answer, and what stands for that where none comes. */
interface Asked {
  resolve(answer: unknown): void;
  readonly none: unknown;
}

/** A worker from its start message to its end. */
export class WorkerHandle {
  readonly number: number;
  /** Questions since its last answer to {@link ping}. */
  unanswered = 0;
  /** Where its engine notes the descriptors that it has open. */
  readonly descriptorMemory: SharedArrayBuffer | null;
  /** What it serves, as it was told last. */
  clusters: readonly ClusterConfig[];
  /** Whether it is gone, or was ended; only this object writes it. */
  hasEnded = false;
  readonly #port: WorkerPort;
  readonly #receiver: WorkerReceiver;
  readonly #clock: Clock;
  readonly #answers: Map<number, (inTime: boolean) => void> = new Map();
  /** Questions of {@link WorkerHandle.#ask} that are not answered yet, by their numbers. */
  readonly #asked: Map<number, Asked> = new Map();
  /** What has come of answers that are not whole yet, by their questions. */
  readonly #parts: Map<number, MetricsPart[]> = new Map();
  #nextQuestion = 1;
  readonly #started: PromiseWithResolvers<boolean> = Promise.withResolvers();
  /** Calls for {@link WorkerHandle.configure}'s answers, the oldest first. */
  readonly #configured: ((problems: string[]) => void)[] = [];
  #closed: (() => void) | null = null;
  #drained: (() => void) | null = null;
  #stopped: (() => void) | null = null;
  /** Settles when it has ended; null until it is told to stop. */
  #stopping: Promise<void> | null = null;
  #isListening = false;
  #listeningSinceMs = 0;
  #snapshots: ClusterMetricsSnapshot[] | null = null;
  #vitals: WorkerVitals | null = null;

  constructor(port: WorkerPort, start: StartMessage, receiver: WorkerReceiver, clock: Clock) {
    this.number = start.workerNumber;
    this.clusters = start.clusters;
    this.descriptorMemory = start.descriptorMemory ?? null;
    this.#port = port;
    this.#receiver = receiver;
    this.#clock = clock;
    port.onmessage = (event) => this.#onMessage(event.data);
    port.onerror = (event) => {
      // Unprevented it would end the whole process.
      event.preventDefault();
      this.#end("", event.message);
    };
    port.postMessage(start);
  }

  get clusterNames(): readonly string[] {
    return this.clusters.map(({ name }) => name);
  }

  /** All its listeners are open and it has not ended. */
  get isListening(): boolean {
    return this.#isListening && !this.hasEnded;
  }

  /** It has been told to stop. */
  get isStopping(): boolean {
    return this.#stopping !== null;
  }

  /** For how long it has listened, in milliseconds; 0 where it never did. */
  get listenedMs(): number {
    return this.#isListening ? performance.now() - this.#listeningSinceMs : 0;
  }

  /** What it counted, as of its last answer; null before the first. */
  get snapshots(): readonly ClusterMetricsSnapshot[] | null {
    return this.#snapshots;
  }

  /** How it did, as of the same; null before the first. */
  get vitals(): WorkerVitals | null {
    return this.#vitals;
  }

  /** Sends a message, if there is still someone to read it. */
  post(message: SupervisorMessage): void {
    if (!this.hasEnded) this.#port.postMessage(message);
  }

  /**
   * Asks for fresh {@link snapshots}.
   *
   * @param timeoutMs How long to wait, in milliseconds.
   * @returns Whether they came in time.
   */
  collect(timeoutMs: number): Promise<boolean> {
    if (!this.isListening) return Promise.resolve(false);
    const question = this.#nextQuestion++;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const deadline = new Deadline(this.#clock, timeoutMs, () => this.#settle(question, false));
    this.#answers.set(question, (inTime) => {
      deadline.cancel();
      resolve(inTime);
    });
    this.post({ kind: "collect", question });
    return promise;
  }

  /** Asks whether it answers at all; see {@link unanswered}. */
  ping(): void {
    this.unanswered += 1;
    this.post({ kind: "ping" });
  }

  /** Ends it as one that does not answer any more. */
  endSilent(): void {
    this.#end("", "it is silent");
  }

  /** Sends an order whose answer nobody waits for. */
  tell(order: ServerOrder): void {
    this.post({ kind: "order", question: 0, order });
  }

  /** Has it carry out an order; returns what is in flight there, or null where it does not say in time. */
  order(order: ServerOrder, timeoutMs: number): Promise<PauseCount | null> {
    return this.#ask<PauseCount | null>(
      (question) => ({ kind: "order", question, order }),
      timeoutMs,
      null,
    );
  }

  /** Its parts of a list, or null where it does not say them in time. */
  inspect(topic: InspectTopic, timeoutMs: number): Promise<InspectedPart[] | null> {
    return this.#ask<InspectedPart[] | null>(
      (question) => ({ kind: "inspect", question, topic }),
      timeoutMs,
      null,
    );
  }

  /** Whether it listens; waits for that at most `timeoutMs`. */
  async started(timeoutMs: number): Promise<boolean> {
    const deadline = new Deadline(this.#clock, timeoutMs, () => this.#started.resolve(false));
    const isListening = await this.#started.promise;
    deadline.cancel();
    return isListening;
  }

  /** Has it go over to other clusters and settings; returns what could not be done, one sentence each. */
  async configure(message: ConfigureMessage): Promise<string[]> {
    if (this.hasEnded) return [];
    this.clusters = message.clusters;
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const late = [`worker ${this.number} does not answer in time`];
    const deadline = new Deadline(this.#clock, CONFIGURE_TIMEOUT_MS, () => resolve(late));
    this.#configured.push(resolve);
    this.post(message);
    const problems = await promise;
    deadline.cancel();
    return problems;
  }

  /** What it listens by, where its engine can tell; nothing where it does not say in time. */
  share(timeoutMs: number): Promise<SharedSocket[]> {
    return this.#ask<SharedSocket[]>((question) => ({ kind: "share", question }), timeoutMs, []);
  }

  /** Settles when every address that it has left so far is free, at the latest after `timeoutMs`. */
  freed(timeoutMs: number): Promise<void> {
    if (this.#stopping !== null) return this.#stopping;
    return this.#ask<void>((question) => ({ kind: "await_freed", question }), timeoutMs, undefined);
  }

  /** Its answer to a message, or `none` where it does not listen, ends, or does not say in time. */
  async #ask<Answer>(
    messageOf: (question: number) => SupervisorMessage,
    timeoutMs: number,
    none: Answer,
  ): Promise<Answer> {
    if (!this.isListening) return none;
    const question = this.#nextQuestion++;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const deadline = new Deadline(this.#clock, timeoutMs, () => resolve(none));
    this.#asked.set(question, { resolve, none });
    this.post(messageOf(question));
    const answer = await promise;
    this.#asked.delete(question);
    deadline.cancel();
    return answer;
  }

  /**
   * Asks it to accept nobody any more, and waits until it does not, at most `timeoutMs`.
   *
   * @param handedOver Names of the clusters by whose sockets another process listens.
   */
  async stopAccepting(timeoutMs: number, handedOver: readonly string[]): Promise<void> {
    if (!this.isListening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = resolve;
    const deadline = new Deadline(this.#clock, timeoutMs, resolve);
    this.post({ kind: "close", handedOver });
    await promise;
    deadline.cancel();
  }

  /** Asks it to let its clients leave, and waits until they have, at most `times.timeoutMs`. */
  async drain(times: DrainTimes): Promise<void> {
    if (!this.isListening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const deadline = new Deadline(this.#clock, times.timeoutMs, resolve);
    this.post({ kind: "drain", times });
    await promise;
    deadline.cancel();
  }

  /** Asks it to stop, waits at most `timeoutMs` milliseconds, then ends it. Only the first call counts. */
  stop(timeoutMs: number): Promise<void> {
    return this.#stopping ??= this.#stop(timeoutMs);
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.hasEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopped = resolve;
    const deadline = new Deadline(this.#clock, timeoutMs, resolve);
    this.post({ kind: "stop" });
    await promise;
    deadline.cancel();
    this.terminate();
  }

  /** Ends it at once; its receiver hears nothing more. */
  terminate(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    for (const question of [...this.#answers.keys()]) this.#settle(question, false);
    this.#started.resolve(false);
    for (const resolve of this.#configured) resolve([]);
    for (const { resolve, none } of this.#asked.values()) resolve(none);
    this.#closed?.();
    this.#drained?.();
    this.#stopped?.();
    this.#port.terminate();
  }

  #onMessage(message: WorkerMessage): void {
    if (this.hasEnded) return;
    switch (message.kind) {
      case "listening":
        this.#isListening = true;
        this.#listeningSinceMs = performance.now();
        this.#started.resolve(true);
        return this.#receiver.onListening(this);
      case "metrics":
        this.#snapshots = joinParts(message.clusters, this.#parts.get(message.question) ?? []);
        this.#parts.delete(message.question);
        this.#vitals = message.vitals;
        return this.#settle(message.question, true);
      case "metrics_part": {
        const known = this.#parts.get(message.question);
        if (known === undefined) this.#parts.set(message.question, [message]);
        else known.push(message);
        return;
      }
      case "ordered":
        return this.#asked.get(message.question)?.resolve(message.count);
      case "inspected":
        return this.#asked.get(message.question)?.resolve(message.parts);
      case "pong":
        this.unanswered = 0;
        return;
      case "freed":
        return this.#asked.get(message.question)?.resolve(undefined);
      case "shared":
        return this.#asked.get(message.question)?.resolve(message.sockets);
      case "failed":
        return this.#end(message.cluster, message.reason);
      case "configured":
        return this.#configured.shift()?.(message.problems);
      case "closed":
        return this.#closed?.();
      case "drained":
        return this.#drained?.();
      case "stopped":
        return this.#stopped?.();
      default:
        this.#receiver.onMessage(this, message);
    }
  }

  #settle(question: number, inTime: boolean): void {
    const answer = this.#answers.get(question);
    this.#answers.delete(question);
    answer?.(inTime);
  }

  #end(cluster: string, reason: string): void {
    if (this.hasEnded) return;
    this.terminate();
    this.#receiver.onEnd(this, cluster, reason);
  }
}
