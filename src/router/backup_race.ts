/**
 * A read that is under way at two nodes: the first good answer is its client's, the other one is read and dropped.
 *
 * ```text
 *   whoever waits ◄── BackupRace ◄──┬── main     the exchange as it was sent first, or what a redirection made of it
 *                                   └── backup   the same request at a replica
 * ```
 *
 * An error never beats a value: one that comes first waits for what the other node says. An error of the backup counts
 * for nothing. Redirections of the main exchange are followed as ever.
 *
 * @module
 */
import type { ErrorLook } from "../backend/key_by_key.ts";
import type { Failure } from "../failure.ts";
import { type Exchange, ExchangeState, type ReplyReceiver } from "../request/exchange.ts";

/** Hears how races end. */
export interface RaceListener {
  readonly look: ErrorLook;
  /** A backup's answer was given to its client. */
  backupWon(): void;
  /** An error reply was given to its client. */
  errorPassed(): void;
}

/** One read at two nodes. */
export class BackupRace implements ReplyReceiver {
  readonly generation = 0;
  readonly #receiver: ReplyReceiver;
  readonly #receiverGeneration: number;
  readonly #listener: RaceListener;
  #main: Exchange;
  /** Null when it is over. */
  #backup: Exchange | null = null;
  /** Why the main exchange has no value; while this is set, the backup stands for it at whoever waits. */
  #error: Uint8Array | null = null;
  #failure: { failure: Failure; address: string } | null = null;

  /** Takes `main` over from whoever waits for it. */
  constructor(main: Exchange, listener: RaceListener) {
    this.#main = main;
    this.#listener = listener;
    this.#receiver = main.receiver!;
    this.#receiverGeneration = main.generation;
    main.receiver = this;
    main.generation = this.generation;
  }

  /** Sets a taken exchange up as the backup; to be sent right behind. */
  begin(backup: Exchange): void {
    const { fragment, place, client } = this.#main;
    this.#backup = backup;
    backup.begin(this, fragment, place, true, client);
    backup.measureAs(this.#main);
  }

  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void {
    const isBackup = exchange === this.#backup;
    if (this.#isForgotten(exchange)) return;
    if (!isError) {
      this.#swallowOther(exchange);
      if (isBackup) this.#listener.backupWon();
      return this.#receiver.onReply(exchange, bytes, start, end, false, isOwned);
    }
    if (isBackup) return this.#backupFailed(exchange);
    if (this.#backup === null) {
      return this.#receiver.onReply(exchange, bytes, start, end, true, isOwned);
    }
    // It goes on elsewhere, or waits for its turn.
    if (this.#listener.look(exchange, bytes, start, end)) return;
    this.#error = bytes.slice(start, end);
    this.#receiver.onRedirect(exchange, this.#backup);
  }

  onFailure(exchange: Exchange, failure: Failure, address: string): void {
    const isBackup = exchange === this.#backup;
    if (isBackup) return this.#backupFailed(exchange);
    if (this.#backup === null) return this.#receiver.onFailure(exchange, failure, address);
    this.#failure = { failure, address };
    this.#receiver.onRedirect(exchange, this.#backup);
  }

  onLargeReply(exchange: Exchange, byteCount: number): void {
    if (!this.#isForgotten(exchange)) this.#receiver.onLargeReply(exchange, byteCount);
  }

  onRedirect(exchange: Exchange, successor: Exchange): void {
    const isBackup = exchange === this.#backup;
    if (isBackup) this.#backup = successor;
    else this.#main = successor;
    // Of the backup nobody else knows, unless it stands for what has failed.
    if (!isBackup || this.#isMainOver) this.#receiver.onRedirect(exchange, successor);
  }

  get #isMainOver(): boolean {
    return this.#error !== null || this.#failure !== null;
  }

  /** Whether nobody waits any more: then only the backup is left, whose exchange nobody else knows of. */
  #isForgotten(exchange: Exchange): boolean {
    if (this.#receiver.generation !== this.#receiverGeneration) return true;
    return exchange === this.#backup && !this.#isMainOver && this.#main.receiver !== this;
  }

  #swallowOther(exchange: Exchange): void {
    const other = exchange === this.#backup ? this.#main : this.#backup;
    this.#backup = null;
    if (other === null || other.receiver !== this || other.state === ExchangeState.Free) return;
    other.swallow();
    // Its client does not wait for it.
    other.row = null;
  }

  /** What the main exchange has come to is the answer, if it has. */
  #backupFailed(exchange: Exchange): void {
    const isForgotten = this.#isForgotten(exchange);
    this.#backup = null;
    if (isForgotten) return;
    if (this.#failure !== null) {
      this.#receiver.onFailure(exchange, this.#failure.failure, this.#failure.address);
    } else if (this.#error !== null) {
      this.#listener.errorPassed();
      exchange.attributeBytes = 0;
      // Not as an error: what it says of the topology was taken up when it came.
      this.#receiver.onReply(exchange, this.#error, 0, this.#error.length, false, false);
    }
  }
}
