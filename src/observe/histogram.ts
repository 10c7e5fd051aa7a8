/**
 * Counts of values by upper bound, as plain numbers that can be posted and summed.
 *
 * @module
 */

/** A histogram with fixed bounds. */
export class Histogram {
  /** Upper bounds, ascending; values above the last go to the bucket behind it. */
  readonly bounds: readonly number[];
  /** Count per bucket, not cumulative; one more than there are bounds. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts one value. */
  observe(value: number): void {
    const bounds = this.bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}
