/**
 * What a listener does before it closes: Linux resets those who wait to be accepted then, so they are accepted first.
 *
 * @module
 */

/** Turns of Deno's timers within which Deno has told of everybody who waited before them; the first may tell of nobody. */
const TURNS_TO_TELL = 3;

/** How often a listener stays open for {@link TURNS_TO_TELL} more, at most, while others keep coming. */
export const LAST_ROUNDS_MAX = 10;

/**
 * Settles when nobody seems to wait, or when it has waited long enough for others who keep coming.
 *
 * @param acceptedCount How many were accepted so far.
 */
export async function acceptWaiting(acceptedCount: () => number): Promise<void> {
  let before = -1;
  for (let round = 0; round < LAST_ROUNDS_MAX && acceptedCount() > before; round++) {
    before = acceptedCount();
    for (let turn = 0; turn < TURNS_TO_TELL; turn++) await turnOfTimers();
  }
}

/** Deno looks at its sockets in each turn of timers, but seldom between turns of `setImmediate`. */
function turnOfTimers(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
