/**
 * Counts of values by upper bound, as plain numbers that can be posted and summed.
 *
 * @module
 */

/** A histogram with fixed bounds. */
export class Histogram {
  /** Upper bounds, ascending; values above the last go to the bucket behind it. */
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;
  /** The value observed last; requests of one turn mostly have the same. */
  #value = NaN;
  /** How often it came and is not counted yet. */
  #times = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Count per bucket, not cumulative; one more than there are bounds. */
  get counts(): Float64Array {
    this.#count();
    return this.#counts;
  }

  get sum(): number {
    this.#count();
    return this.#sum;
  }

  /** Counts one value. */
  observe(value: number): void {
    if (value !== this.#value) {
      this.#count();
      this.#value = value;
    }
    this.#times += 1;
  }

  /** Counts one value so many times. */
  observeTimes(value: number, times: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.#counts[bucket]! += times;
    this.#sum += value * times;
  }

  #count(): void {
    const times = this.#times;
    if (times === 0) return;
    this.#times = 0;
    this.observeTimes(this.#value, times);
  }
}
