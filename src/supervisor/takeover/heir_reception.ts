/**
 * The side of the process that is taken over: waits for another one, gives it what this one listens by, and leaves when
 * the other one serves.
 *
 * @module
 */
import type { Log } from "../../observe/log.ts";
import type { ForeignSocket } from "./given_sockets.ts";
import {
  isArrayOf,
  type LeftMessage,
  readMessage,
  type RefusalMessage,
  type SocketsMessage,
  TAKEOVER_VERSION,
} from "./takeover_messages.ts";
import type { TakeoverChannel, TakeoverDoor } from "./transport.ts";
import { ANSWER_TIMEOUT_MS } from "./former_process.ts";

/** Longest wait for the other process to serve, milliseconds: it starts its workers, and may wait for slot maps. */
export const READY_TIMEOUT_MS = 60_000;
/** Sockets that go along with one message. */
export const SOCKETS_PER_MESSAGE = 64;

/** A process that has taken this one over. */
export interface Heir {
  readonly pid: number;
  /** Where it listens, as `host:port`. */
  readonly listeners: ReadonlySet<string>;
  /** Names of the clusters by whose sockets it listens. */
  readonly handedOver: readonly string[];
}

/** A socket to be handed over; its descriptor is closed behind that unless it is held. */
export interface OfferedSocket extends ForeignSocket {
  /** Name of the cluster that listens by it. */
  readonly cluster: string;
}

/** What is asked of the process that is taken over. */
export interface Predecessor {
  /** Whether it serves, and is not about to end. */
  readonly isReady: boolean;
  /** Why no other process may take its place now; null: one may. */
  readonly hindrance: string | null;
  /** What it listens by; nothing where its engine cannot tell. */
  offer(): Promise<OfferedSocket[]>;
  /** Closes what was offered. */
  withdraw(sockets: readonly OfferedSocket[]): void;
  /** From now on the other one answers: its admin port is to be free when this settles. */
  leave(): Promise<void>;
}

/** Receives who wants to take this process over, one after the other. */
export class HeirReception {
  readonly #door: TakeoverDoor;
  readonly #predecessor: Predecessor;
  readonly #log: Log;
  readonly #came: PromiseWithResolvers<Heir> = Promise.withResolvers();
  #channel: TakeoverChannel | null = null;
  /** To the process that serves in place of this one, which sees by its end when this one ends. */
  #heirChannel: TakeoverChannel | null = null;
  /** The process that is about to take over, or has; 0: there is none. */
  #heirPid = 0;
  #isClosed = false;

  constructor(door: TakeoverDoor, predecessor: Predecessor, log: Log) {
    this.#door = door;
    this.#predecessor = predecessor;
    this.#log = log;
    this.#receive();
  }

  /** Settles when another process serves in place of this one; never, if none comes. */
  get heir(): Promise<Heir> {
    return this.#came.promise;
  }

  /** Number of the process that is about to take over, or has: what is ordered here from now on it does not know of. */
  get heirPid(): number {
    return this.#heirPid;
  }

  /** Receives nobody any more. */
  close(): void {
    this.#isClosed = true;
    this.#door.close();
    this.#channel?.close();
  }

  /** This process serves nobody any more, as its heir shall know. */
  end(): void {
    this.close();
    this.#heirChannel?.close();
  }

  async #receive(): Promise<void> {
    for (;;) {
      const channel = await this.#door.accept();
      if (channel === null) return;
      this.#channel = channel;
      const heir = await this.#serve(channel).catch((error) => {
        this.#log.warning("Takeover failed", { reason: String(error) });
        return null;
      });
      this.#channel = null;
      if (heir !== null) {
        this.#heirChannel = channel;
        return this.#came.resolve(heir);
      }
      this.#heirPid = 0;
      channel.close();
      if (this.#isClosed) return;
    }
  }

  /** Returns the process that serves now, or null where it gave up. */
  async #serve(channel: TakeoverChannel): Promise<Heir | null> {
    const hello = readMessage(await channel.receive(ANSWER_TIMEOUT_MS));
    if (hello === null) return null;
    const { takeover, pid, takesSockets } = hello;
    const refused = this.#whyNot(takeover);
    if (refused !== null || typeof pid !== "number") {
      const message: RefusalMessage = {
        refused: refused ?? "the process does not say which it is",
      };
      await channel.send(JSON.stringify(message));
      return null;
    }
    this.#heirPid = pid;
    this.#log.info("Another process is about to take over", { pid });
    const sockets = takesSockets === true ? await this.#predecessor.offer() : [];
    const isHanded = await this.#hand(channel, sockets);
    this.#predecessor.withdraw(sockets);
    const ready = isHanded ? readMessage(await channel.receive(READY_TIMEOUT_MS)) : null;
    const { listeners, taken } = ready ?? {};
    if (!isArrayOf(listeners, "string") || !isArrayOf(taken, "number")) {
      // Where this process has closed the channel itself, it is this one that ends.
      if (this.#isClosed) return null;
      this.#log.warning("The other process has given up, or ended: this one goes on", { pid });
      return null;
    }
    // It may have been told to end meanwhile, which it does by itself.
    if (!this.#predecessor.isReady) return null;
    this.#log.info("The other process serves", { pid });
    await this.#predecessor.leave();
    this.#door.close();
    const left: LeftMessage = { left: true };
    await Promise.resolve(channel.send(JSON.stringify(left))).catch(() => {});
    const names = taken.map((number) => sockets[number]?.cluster);
    return {
      pid,
      listeners: new Set(listeners),
      handedOver: [...new Set(names.filter((name) => name !== undefined))],
    };
  }

  #whyNot(version: unknown): string | null {
    if (version !== TAKEOVER_VERSION) return "its version speaks otherwise";
    if (!this.#predecessor.isReady) return "it is about to end";
    return this.#predecessor.hindrance;
  }

  /** Returns whether the other process was there to get them all. */
  async #hand(channel: TakeoverChannel, sockets: readonly OfferedSocket[]): Promise<boolean> {
    for (let at = 0; at === 0 || at < sockets.length; at += SOCKETS_PER_MESSAGE) {
      const some = sockets.slice(at, at + SOCKETS_PER_MESSAGE);
      const message: SocketsMessage = {
        pid: Deno.pid,
        held: some.map(({ isHeld }) => isHeld),
        more: at + SOCKETS_PER_MESSAGE < sockets.length,
      };
      const descriptors = some.map(({ descriptor }) => descriptor);
      try {
        await channel.send(JSON.stringify(message), descriptors);
      } catch (error) {
        this.#log.debug("The other process takes no sockets", { reason: String(error) });
        return false;
      }
    }
    return true;
  }
}
