/**
 * Clients that subscribe to much at once and leave at any time: storms of clients with the same channels, requests
 * of thousands of names, clients that go away while they are told. Each confirmation is checked.
 *
 * @module
 */
import { delay } from "../support/tools/poll.ts";
import type { Random } from "../support/tools/seed.ts";
import { SubscriberClient } from "../servers/subscriber_client.ts";
import { HANG_MS } from "./model_client.ts";
import { Violation } from "./violation.ts";

/** What the crowd may do. */
export interface CrowdRules {
  readonly port: number;
  /** Nothing may fail. */
  readonly isCalm: boolean;
  /** Most clients that come together, and most names of one request. */
  readonly clientsMax: number;
  readonly namesMax: number;
}

/** What it has seen. */
export class CrowdCounts {
  storms = 0;
  confirmations = 0;
  /** Requests that were answered by an error, and clients that were closed. */
  errors = 0;
}

/** Shard channels of one slot. */
const TAG = "{crowd}";
const VERBS = ["subscribe", "psubscribe", "ssubscribe"] as const;
/** How a client ends. */
const ENDS = ["leave", "leave early", "unsubscribe", "unsubscribe some", "reset"] as const;
const PAUSE_MAX_MS = 200;
const LOOK_MS = 2;

/** Thrown where a client gets no more, which only a calm run calls wrong. */
class Cut extends Error {}

/** See above. */
export class SubscriberCrowd {
  readonly #random: Random;
  readonly #rules: CrowdRules;
  readonly #counts: CrowdCounts;

  constructor(random: Random, rules: CrowdRules, counts: CrowdCounts) {
    this.#random = random;
    this.#rules = rules;
    this.#counts = counts;
  }

  /**
   * One storm after the other.
   *
   * @throws {Violation} If a client was told something wrong, or nothing.
   */
  async run(isOver: () => boolean): Promise<void> {
    const { clientsMax, namesMax } = this.#rules;
    while (!isOver()) {
      const clients = this.#random.between(1, clientsMax);
      // Many clients have few names each.
      const names = this.#random.between(1, Math.ceil(namesMax / clients));
      const verb = this.#random.pick(VERBS);
      const storm = Array.from(
        { length: clients },
        () => this.#one(verb, names, this.#random.pick(ENDS), this.#random.between(1, names)),
      );
      await Promise.all(storm);
      this.#counts.storms += 1;
      await delay(this.#random.between(0, PAUSE_MAX_MS));
    }
  }

  async #one(
    verb: (typeof VERBS)[number],
    count: number,
    end: (typeof ENDS)[number],
    some: number,
  ): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `${TAG}:${verb}:${index}`);
    let client: SubscriberClient | null = null;
    try {
      client = await SubscriberClient.connect(this.#rules.port);
      await client.send([verb, ...names]);
      const told = end === "leave early" ? names.slice(0, some) : names;
      if (!await this.#confirmed(client, verb, told, (index) => index + 1)) return;
      if (end === "unsubscribe") {
        await client.send([`${verb.replace("sub", "unsub")}`]);
        await this.#takeEach(client, count, (frame, index) => frame[3] === `:${count - 1 - index}`);
      } else if (end === "unsubscribe some") {
        await client.send([verb.replace("sub", "unsub"), ...names.slice(0, some)]);
        await this.#confirmed(
          client,
          verb.replace("sub", "unsub"),
          names.slice(0, some),
          (index) => count - 1 - index,
        );
      } else if (end === "reset") {
        await client.send(["RESET"], ["PING"]);
        await this.#takeEach(client, 2, (frame, index) => frame === ["+RESET", "+PONG"][index]);
      }
    } catch (error) {
      if (error instanceof Violation || this.#rules.isCalm) throw error;
      this.#counts.errors += 1;
    } finally {
      await client?.[Symbol.asyncDispose]();
    }
  }

  /** Takes a confirmation for each name; false where an error was the answer to all of them. */
  async #confirmed(
    client: SubscriberClient,
    verb: string,
    names: readonly string[],
    countAt: (index: number) => number,
  ): Promise<boolean> {
    let isRefused = false;
    await this.#takeEach(client, names.length, (frame, index) => {
      if (index === 0 && frame[0]!.toString().startsWith("-") && !this.#rules.isCalm) {
        isRefused = true;
        throw new Cut("refused");
      }
      this.#counts.confirmations += 1;
      return frame[1] === `$${verb}` && frame[2] === `$${names[index]}` &&
        frame[3] === `:${countAt(index)}`;
    });
    return !isRefused;
  }

  /** Takes so many frames; each has to be right. */
  async #takeEach(
    client: SubscriberClient,
    count: number,
    isRight: (frame: string | readonly unknown[], index: number) => boolean,
  ): Promise<void> {
    let deadlineMs = performance.now() + HANG_MS;
    for (let index = 0; index < count;) {
      const frames = client.frames.splice(0, count - index);
      for (const frame of frames) {
        if (!isRight(frame as string | readonly unknown[], index)) {
          throw new Violation(`subscriber: reply ${index} of ${count} is ${JSON.stringify(frame)}`);
        }
        index += 1;
      }
      if (frames.length > 0) deadlineMs = performance.now() + HANG_MS;
      else if (client.isClosed) throw new Cut(`closed behind ${index} of ${count} replies`);
      else if (performance.now() > deadlineMs) {
        throw new Violation(`subscriber: no reply ${index} of ${count} in ${HANG_MS} ms`);
      } else await delay(LOOK_MS);
    }
  }
}
