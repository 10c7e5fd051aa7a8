/**
 * Watches a run of many clients, so that only the time counts in which all of them are connected:
 * redis-benchmark connects them one by one before its first request and closes them after its last,
 * and a proxy's work for ten thousand of those is no request's.
 *
 * @module
 */
import { type CpuSample, openFileCount, sampleCpu } from "./process_usage.ts";

/**
 * Milliseconds between two looks. redis-benchmark rests 50 ms after each 64 connections, so a look
 * falls behind all but the last of them; a look costs a fraction of a millisecond.
 */
const LOOK_MS = 20;

/** Chooses, of all looks at a run, the last before its first request and before its end. */
export class ConnectedWindow<Sample> {
  readonly #clients: number;
  #first: Sample | null = null;
  #last: Sample | null = null;
  #isOver = false;

  constructor(clients: number) {
    this.#clients = clients;
  }

  /** @param openFiles Files that the generator has open, a few of which are not connections. */
  add(openFiles: number, sample: Sample): void {
    if (this.#isOver) return;
    if (openFiles >= this.#clients) this.#last = sample;
    else if (this.#last === null) this.#first = sample;
    else this.#isOver = true;
  }

  /** Start and end, or null if there was no look while all clients were connected. */
  get bounds(): [Sample, Sample] | null {
    return this.#first === null || this.#last === null ? null : [this.#first, this.#last];
  }
}

/** What proxy and generator had used at one look. */
export interface WatchSample {
  proxy: CpuSample;
  load: CpuSample;
}

/** Looks at proxy and generator while a run lasts. */
export class RunWatch implements Disposable {
  readonly #proxyPid: number;
  readonly #window: ConnectedWindow<WatchSample>;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(proxyPid: number, clients: number) {
    this.#proxyPid = proxyPid;
    this.#window = new ConnectedWindow(clients);
  }

  /** Begins to look, at the generator with this process id. */
  start(loadPid: number): void {
    this.#timer = setInterval(() => this.#look(loadPid), LOOK_MS);
  }

  #look(loadPid: number): void {
    try {
      const load = sampleCpu(loadPid);
      this.#window.add(openFileCount(loadPid), { proxy: sampleCpu(this.#proxyPid), load });
    } catch {
      // One of them has ended, which reads as one of several errors; the run itself will say why.
      clearInterval(this.#timer);
    }
  }

  /** See {@link ConnectedWindow.bounds}. */
  get bounds(): [WatchSample, WatchSample] | null {
    return this.#window.bounds;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
