/**
 * Whose password is judged when. Wrong ones come at a bounded rate for each user and each address, over all workers and
 * connections, so that neither more connections nor hanging up makes guessing faster. Each connection has one
 * password judged at a time, and they take turns: who has the right one gets in between those that guess.
 *
 * @module
 */
import type { Clock, Watched } from "../../clock.ts";
import { sha256 } from "../../hash/mod.ts";
import { addressKey } from "../../net/ip_address.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { Peers } from "../core/peers.ts";
import { Suspect } from "./suspect.ts";

/** Pairs of address and user remembered; with more the oldest for which nobody waits is forgotten. */
export const SUSPECTS_MAX = 4_096;
/** Pairs that one worker tells the others of at one tick. */
const TOLD_MAX = 512;

const TOPIC = "login turns";

/** What one worker tells the others. */
interface TurnsMessage {
  readonly worker: string;
  /** Which pair, what those weigh that wait there, and how many passwords were wrong without a wait. */
  readonly suspects: readonly (readonly [key: string, weight: number, wrongs: number])[];
}

/** A client that waits, or whose turn it is. */
interface Place {
  readonly key: string;
  readonly suspect: Suspect;
  isItsTurn: boolean;
}

/** The turns of one cluster's clients in one worker. */
export class LoginTurns implements Watched {
  isWatched = false;
  readonly #clock: Clock;
  readonly #peers: Peers;
  /** By address and user, the one with the latest wrong password last. */
  readonly #suspects = new Map<string, Suspect>();
  readonly #places = new Map<LocalClient, Place>();
  readonly #active = new Map<string, Suspect>();
  /** Tells workers apart, one that took another's place included. */
  readonly #worker = crypto.randomUUID();

  constructor(clock: Clock, peers: Peers) {
    this.#clock = clock;
    this.#peers = peers;
    peers.on(TOPIC, (message) => this.#hear(message as TurnsMessage));
  }

  /** Pairs of address and user that are remembered. */
  get suspectCount(): number {
    return this.#suspects.size;
  }

  /**
   * Whether this client's password may be judged now. If not, the client waits, and is parsed on when its turn has
   * come: it asks again then.
   */
  mayJudge(client: LocalClient, username: Uint8Array): boolean {
    const key = keyOf(client, username);
    const place = this.#places.get(client);
    if (place !== undefined) {
      if (place.key === key) return place.isItsTurn;
      this.leave(client);
    }
    const suspect = this.#suspects.get(key);
    if (suspect === undefined || suspect.mayJudgeNow(this.#clock.nowMs)) return true;
    suspect.wait(client, this.#clock.nowMs);
    this.#places.set(client, { key, suspect, isItsTurn: false });
    this.#activate(key, suspect);
    return false;
  }

  /** The password was right. */
  right(client: LocalClient, username: Uint8Array): void {
    this.#suspects.get(keyOf(client, username))?.right();
    this.leave(client);
  }

  /** The password was wrong; returns when that is to be told, milliseconds of the clock. */
  wrong(client: LocalClient, username: Uint8Array): number {
    const { nowMs } = this.#clock;
    const key = keyOf(client, username);
    const place = this.#places.get(client);
    this.#places.delete(client);
    const suspect = place?.suspect ?? this.#suspects.get(key) ?? new Suspect(nowMs);
    this.#remember(key, suspect);
    if (place === undefined) {
      suspect.takeLate(nowMs);
      suspect.untold += 1;
      this.#activate(key, suspect);
    }
    return suspect.wrong(nowMs);
  }

  /** The client has sent its last. True: it would wait in vain, and is to be closed. */
  onInputEnd(client: LocalClient): boolean {
    const place = this.#places.get(client);
    if (place === undefined || place.isItsTurn) return false;
    return !place.suspect.end(client, this.#clock.nowMs);
  }

  /** The client wants nothing judged any more. */
  leave(client: LocalClient): void {
    const place = this.#places.get(client);
    if (place === undefined) return;
    this.#places.delete(client);
    if (place.isItsTurn) place.suspect.giveBack();
    else place.suspect.leave(client, this.#clock.nowMs);
  }

  onTick(): boolean {
    const { nowMs } = this.#clock;
    const told: [string, number, number][] = [];
    for (const [key, suspect] of this.#active) {
      for (let client = suspect.next(nowMs); client !== null; client = suspect.next(nowMs)) {
        this.#places.get(client)!.isItsTurn = true;
        client.parseOn();
      }
      if (told.length < TOLD_MAX) {
        told.push([key, suspect.weight, suspect.untold]);
        suspect.isBelievedToWait = suspect.weight > 0;
        suspect.untold = 0;
      }
      if (!suspect.isActive) this.#active.delete(key);
    }
    if (told.length > 0) this.#peers.tell(TOPIC, { worker: this.#worker, suspects: told });
    return this.#active.size > 0;
  }

  #hear({ worker, suspects }: TurnsMessage): void {
    const { nowMs } = this.#clock;
    for (const [key, weight, wrongs] of suspects) {
      const suspect = this.#suspects.get(key) ?? new Suspect(nowMs);
      this.#remember(key, suspect);
      if (wrongs > 0) suspect.takeLate(nowMs, wrongs);
      suspect.othersWait(worker, weight, nowMs);
    }
  }

  #activate(key: string, suspect: Suspect): void {
    this.#active.set(key, suspect);
    this.#clock.watch(this);
  }

  #remember(key: string, suspect: Suspect): void {
    this.#suspects.delete(key);
    this.#suspects.set(key, suspect);
    for (const [oldest, { isActive }] of this.#suspects) {
      if (this.#suspects.size <= SUSPECTS_MAX) return;
      if (!isActive) this.#suspects.delete(oldest);
    }
  }
}

/**
 * An address without its port, of IPv6 the network, as whoever has that has all addresses in it; and a digest of a user's
 * name, known or not: names may be long.
 */
function keyOf({ peer }: LocalClient, username: Uint8Array): string {
  return `${addressKey(peer)} ${String.fromCharCode(...sha256(username).subarray(0, 16))}`;
}
