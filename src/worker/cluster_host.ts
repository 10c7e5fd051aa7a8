/**
 * Runs a worker's share of the clusters and answers the supervisor, whatever carries the messages.
 *
 * @module
 */
import { Clock } from "../clock.ts";
import type { Cluster, ClusterContext } from "../cluster/cluster.ts";
import { LoopGuard } from "../cluster/loop_guard.ts";
import type { ClusterConfig } from "../config/config.ts";
import { createEngine } from "../net/create_engine.ts";
import type { IoEngine } from "../net/io_engine.ts";
import { ClientRoom } from "../observe/client_room.ts";
import { FloodGuard } from "../observe/flood_guard.ts";
import { Log } from "../observe/log.ts";
import type { DrainTimes, StartMessage, SupervisorMessage, WorkerMessage } from "./messages.ts";

/** Question number of metrics that nobody asked for: the last word of a worker that ends. */
export const LAST_WORD = 0;

/** The clusters of one worker. */
export class ClusterHost {
  readonly #createCluster: (context: ClusterContext) => Cluster;
  readonly #post: (message: WorkerMessage) => void;
  readonly #clock: Clock = new Clock();
  readonly #flood: FloodGuard;
  readonly #clusters: Map<string, Cluster> = new Map();
  /** Names of the clusters this worker leads. */
  readonly #leads: Set<string> = new Set();
  #workerNumber = 0;
  #engine: IoEngine | null = null;
  #ended: Promise<unknown> | null = null;

  /**
   * @param createCluster Makes a cluster that does not listen yet.
   * @param post Sends a message to the supervisor.
   */
  constructor(
    createCluster: (context: ClusterContext) => Cluster,
    post: (message: WorkerMessage) => void,
  ) {
    this.#createCluster = createCluster;
    this.#post = post;
    this.#flood = new FloodGuard((record) => post({ kind: "log", record }));
  }

  /** Does what the supervisor says. */
  onMessage(message: SupervisorMessage): void {
    // Its last word has all that it counted; what it would say now has nothing.
    if (this.#ended !== null && message.kind !== "stop") return;
    // What a message sets off must not count from the last turn, which may be long ago.
    this.#clock.readNow();
    switch (message.kind) {
      case "start":
        return this.#start(message);
      case "collect":
        return this.#postMetrics(message.question);
      case "follow":
        return this.#clusters.get(message.state.cluster)?.follow(message.state);
      case "note":
        return this.#clusters.get(message.note.cluster)?.hear(message.note);
      case "refresh":
        return this.#clusters.get(message.cluster)?.refresh();
      case "lead":
        return this.#lead(message.cluster);
      case "drain":
        this.#drain(message.times);
        return;
      case "stop":
        this.#end().then(() => this.#post({ kind: "stopped" }));
    }
  }

  /** Ends after an error that nothing caught: closes what can be closed, then says why. */
  crash(error: unknown): Promise<void> {
    return this.#fail("", error instanceof Error ? error.stack ?? error.message : String(error));
  }

  #start(message: StartMessage): void {
    this.#workerNumber = message.workerNumber;
    this.#engine = createEngine(message.io, this.#clock);
    for (const config of message.clusters) {
      try {
        this.#startCluster(config, message);
      } catch (error) {
        this.#fail(config.name, error instanceof Error ? error.message : String(error));
        return;
      }
    }
    for (const name of message.leads) this.#lead(name);
    this.#post({ kind: "listening", workerNumber: this.#workerNumber });
  }

  #startCluster(config: ClusterConfig, message: StartMessage): void {
    const log = new Log(message.logLevel, ({ level, message, fields }) => {
      this.#flood.write({ level, message, fields: { cluster: config.name, ...fields } });
    });
    const cluster = this.#createCluster({
      config,
      workerNumber: message.workerNumber,
      clock: this.#clock,
      engine: this.#engine!,
      log,
      loopGuard: new LoopGuard(message.loopMemory, message.listeners, config.name),
      clientRoom: new ClientRoom(message.clientMemory, message.workerNumber),
      advertisedAddress: message.advertisedAddress,
      sharesPort: message.sharesPort,
      publish: (state) => this.#post({ kind: "found", state }),
      post: (note) => this.#post({ kind: "note", note }),
      requestRefresh: () => this.#requestRefresh(config.name),
    });
    this.#clusters.set(config.name, cluster);
    cluster.start();
  }

  #lead(name: string): void {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined || this.#leads.has(name)) return;
    this.#leads.add(name);
    cluster.lead();
  }

  async #drain(times: DrainTimes): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.drain(times)));
    if (this.#ended === null) this.#post({ kind: "drained" });
  }

  #requestRefresh(name: string): void {
    if (this.#leads.has(name)) this.#clusters.get(name)?.refresh();
    else this.#post({ kind: "refresh", cluster: name });
  }

  #postMetrics(question: number): void {
    const clusters = [...this.#clusters.values()].map((cluster) => cluster.metrics());
    this.#post({ kind: "metrics", question, clusters });
  }

  async #fail(cluster: string, reason: string): Promise<void> {
    try {
      await this.#end();
    } finally {
      // Even where closing fails the supervisor must hear of it, to end this worker from outside.
      this.#post({ kind: "failed", workerNumber: this.#workerNumber, cluster, reason });
    }
  }

  /**
   * Closes everything before it returns. Settles when the addresses are free for the next listener, and nothing
   * is left open that Deno would not close with this thread.
   */
  #end(): Promise<unknown> {
    this.#ended ??= this.#endNow();
    return this.#ended;
  }

  #endNow(): Promise<unknown> {
    const freed: Promise<void>[] = [];
    try {
      this.#postMetrics(LAST_WORD);
      for (const cluster of this.#clusters.values()) freed.push(cluster.stop());
    } finally {
      if (this.#engine !== null) freed.push(this.#engine.close());
      this.#clusters.clear();
      this.#clock.stop();
      this.#flood.flush();
    }
    return Promise.all(freed);
  }
}
