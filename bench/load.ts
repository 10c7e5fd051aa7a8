/**
 * What a load generator does, whatever it speaks.
 *
 * @module
 */

/** How a proxy answered a measured number of requests, all of them without an error. */
export interface LoadResult {
  requestsPerSecond: number;
  /** Mean of the latency, in milliseconds. */
  meanMs: number;
  /** Median of the latency, in milliseconds. */
  medianMs: number;
  /** 99th percentile of the latency, in milliseconds. */
  p99Ms: number;
}

/** What a single run may have otherwise than the row says. */
export interface RunOptions {
  /** Clients that connect for it; the row's if left out. */
  clients?: number;
  /** Called with the id of the generator's process as soon as it runs. */
  onStart?: (pid: number) => void;
}

/** A load generator for one proxy and one row. */
export interface Load extends AsyncDisposable {
  /** Process id of the generator, or null where every run has another. */
  readonly pid: number | null;
  /**
   * Sends so many requests as fast as they are answered.
   *
   * @param requests A multiple of the row's pipeline.
   * @param options Heeded only by a generator that has another process in every run.
   * @throws {Error} If a reply was an error or not the expected one.
   */
  run(requests: number, options?: RunOptions): Promise<LoadResult>;
}
