/**
 * The process that is taken over, as the new one sees it.
 *
 * @module
 */
import type { ForeignSocket } from "./given_sockets.ts";
import {
  type HelloMessage,
  isArrayOf,
  readMessage,
  type ReadyMessage,
  TAKEOVER_VERSION,
} from "./takeover_messages.ts";
import type { TakeoverChannel } from "./transport.ts";

/** Longest wait for its first answer, milliseconds. */
export const ANSWER_TIMEOUT_MS = 5_000;
/** Longest wait until its admin port is free, milliseconds. */
export const LEAVE_TIMEOUT_MS = 10_000;
/** Longest time that it may need to end, milliseconds: above the greatest `shutdown_timeout`. */
const END_TIMEOUT_MS = 2 * 60 * 60_000;
/** Most sockets that are taken from it. */
export const SOCKETS_MAX = 16_384;

/** A process that serves until this one is ready. */
export class FormerProcess {
  readonly pid: number;
  /** What it listens by; the descriptors are this process's. */
  readonly sockets: readonly ForeignSocket[];
  readonly #channel: TakeoverChannel;
  #isLeaving = false;

  private constructor(channel: TakeoverChannel, pid: number, sockets: readonly ForeignSocket[]) {
    this.#channel = channel;
    this.pid = pid;
    this.sockets = sockets;
  }

  /**
   * Asks it for what it listens by.
   *
   * @param takesSockets Whether this process can use that.
   * @throws {Error} If it refuses, or does not answer as it should; the channel is closed then.
   */
  static async greet(channel: TakeoverChannel, takesSockets: boolean): Promise<FormerProcess> {
    const sockets: ForeignSocket[] = [];
    try {
      const hello: HelloMessage = { takeover: TAKEOVER_VERSION, pid: Deno.pid, takesSockets };
      await channel.send(JSON.stringify(hello));
      for (;;) {
        const message = readMessage(await channel.receive(ANSWER_TIMEOUT_MS));
        if (message === null) throw new Error("the former process does not answer");
        const { refused, pid, held, more } = message;
        if (typeof refused === "string") throw new Error(`the former process refuses: ${refused}`);
        if (typeof pid !== "number" || !isArrayOf(held, "boolean")) {
          throw new Error("the former process answers what is not understood");
        }
        const descriptors = channel.takeDescriptors(held.length);
        sockets.push(...descriptors.map((descriptor, index) => ({
          descriptor,
          isHeld: held[index]!,
        })));
        if (more !== true || sockets.length > SOCKETS_MAX) {
          return new FormerProcess(channel, pid, sockets);
        }
      }
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  /** Whether it still lets its clients go: orders to this process do not reach those. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /**
   * Says that this process serves. Returns whether the former one has left its admin port in time, and lets its clients
   * go.
   */
  async ready(message: ReadyMessage): Promise<boolean> {
    try {
      await this.#channel.send(JSON.stringify(message));
      this.#isLeaving = readMessage(await this.#channel.receive(LEAVE_TIMEOUT_MS))?.left === true;
    } catch {
      // It has ended, or was ended.
    }
    if (this.#isLeaving) this.#awaitEnd();
    else this.close();
    return this.#isLeaving;
  }

  /** Listens to it no more; before {@link ready} it goes on as if nothing had been. */
  close(): void {
    this.#channel.close();
  }

  /** It says nothing more: its side is closed when it ends, however it does. */
  async #awaitEnd(): Promise<void> {
    await this.#channel.receive(END_TIMEOUT_MS).catch(() => null);
    this.#isLeaving = false;
    this.close();
  }
}
