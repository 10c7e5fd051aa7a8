/**
 * Scripts inside a transaction. What it brings is kept, as it is of a request outside. For EVALSHA, SCRIPT LOAD cannot go ahead of it on the same connection, where it would be an element
 * of EXEC's reply. It goes over the client's usual connection to that server, once, and the transaction waits for it.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import type { Backend } from "../../backend/backend.ts";
import { handlerOf } from "../../protocol/resp/commands/handlers.ts";
import type { SentTo } from "../../request/exchange.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { isFlush, namedSha, type ScriptKeeper } from "../scripts/script_keeper.ts";

const NO_SCRIPT = new TextEncoder().encode("-NOSCRIPT ");
/** Bytes of EXEC's reply that are looked through. */
const SCANNED_BYTES_MAX = 1024 * 1024;

/** The scripts of one transaction. */
export class ScriptWait {
  readonly #keeper: ScriptKeeper;
  readonly #client: LocalClient;
  /** Digests of scripts that are called, and known. */
  readonly #called = new Set<string>();
  /** Those among them that were not asked for yet. */
  readonly #due: string[] = [];
  #isLoading = false;
  #isOver = false;

  constructor(keeper: ScriptKeeper, client: LocalClient) {
    this.#keeper = keeper;
    this.#client = client;
  }

  /** A request is part of the transaction; it is shown again where the transaction had to wait. */
  note(request: LocalRequest): void {
    const { frame, bytes } = request;
    if (handlerOf(frame.row) === "script") return this.#noteScript(request);
    if (request.wordCount < 2 || this.#keeper.learnFrom(frame, bytes)) return;
    const sha = namedSha(request);
    if (sha !== null) this.#call(sha);
  }

  /** SCRIPT is in a transaction only where all keys are on one server. */
  #noteScript(request: LocalRequest): void {
    const { words, wordCount } = request;
    switch (words[1]?.toLowerCase()) {
      case "load":
        if (wordCount === 3) this.#keeper.learn(request.raw(2).slice());
        return;
      case "exists":
        return words.slice(2).forEach((sha) => this.#call(sha.toLowerCase()));
      case "flush":
        return isFlush(words) ? this.#keeper.flush() : undefined;
    }
  }

  #call(sha: string): void {
    if (this.#called.has(sha) || !this.#keeper.knows(sha)) return;
    this.#called.add(sha);
    this.#due.push(sha);
  }

  /** Whether the transaction has to wait until `backend` has its scripts; its client is asked to go on then. */
  isDue(backend: Backend | null): boolean {
    while (!this.#isLoading && backend !== null && this.#due.length > 0) {
      this.#isLoading = true;
      const isLoading = this.#keeper.provide(this.#client, backend, this.#due.shift()!, () => {
        this.#isLoading = false;
        if (!this.#isOver) this.#client.parseOn();
      });
      if (!isLoading) this.#isLoading = false;
    }
    return this.#isLoading;
  }

  /** EXEC was answered by `bytes[start, end)`: a server that has lost its scripts says so in one of the elements. */
  executed(server: SentTo, bytes: Uint8Array, start: number, end: number): void {
    if (this.#called.size === 0) return;
    const scannedEnd = Math.min(end, start + SCANNED_BYTES_MAX);
    if (includes(bytes, start, scannedEnd, NO_SCRIPT)) this.#keeper.hasLost(server);
  }

  /** The transaction is over, or its client gone. */
  end(): void {
    this.#isOver = true;
  }
}

function includes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  for (let at = start; at + wanted.length <= end; at++) {
    if (startsWith(bytes, at, end, wanted)) return true;
  }
  return false;
}
