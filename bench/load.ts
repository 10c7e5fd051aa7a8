/**
 * What a load generator does, whatever it speaks.
 *
 * @module
 */

/** How a proxy answered a measured number of requests, all of them without an error. */
export interface LoadResult {
  requestsPerSecond: number;
  /** 99th percentile of the latency, in milliseconds. */
  p99Ms: number;
}

/** A load generator for one proxy and one row. */
export interface Load extends AsyncDisposable {
  /** Process id of the generator, or null where every run has another. */
  readonly pid: number | null;
  /**
   * Sends so many requests as fast as they are answered.
   *
   * @param requests A multiple of the row's pipeline.
   * @throws {Error} If a reply was an error or not the expected one.
   */
  run(requests: number): Promise<LoadResult>;
}
