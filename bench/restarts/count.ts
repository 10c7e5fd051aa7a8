/**
 * What a client program under test counts and prints: each worker of it writes its own keys and reads them back, all
 * the time, until standard input ends.
 *
 * @module
 */

/** What is printed at the end, a line of JSON. */
export interface ProgramCounts {
  commands: number;
  /** Commands that failed. */
  errors: number;
  /** Replies that were not the right ones. */
  wrong: number;
  /** The first of the errors, by their texts. */
  texts: string[];
}

/** The part of a client that is used. */
export interface CountedClient {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
}

const WORKERS = 20;
const TEXTS_MAX = 3;

/** Lets workers use a client until standard input ends, and prints what they saw. */
export async function countUntilEnd(client: CountedClient): Promise<void> {
  const counts: ProgramCounts = { commands: 0, errors: 0, wrong: 0, texts: [] };
  let isOver = false;
  const work = async (worker: number) => {
    for (let round = 0; !isOver; round++) {
      const key = `restarts:${Deno.pid}:${worker}`;
      try {
        await client.set(key, String(round));
        counts.commands += 1;
        if (String(await client.get(key)) !== String(round)) counts.wrong += 1;
        counts.commands += 1;
      } catch (error) {
        counts.errors += 1;
        if (counts.texts.length < TEXTS_MAX) counts.texts.push(String(error));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  };
  const working = Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  for await (const _bytes of Deno.stdin.readable);
  isOver = true;
  await working;
  console.log(JSON.stringify(counts));
  Deno.exit(0);
}
