/**
 * What the slow log shows of EXEC: EXEC itself says nothing of what its server did.
 *
 * @module
 */
import { WORD_BYTES_MAX, WORDS_MAX } from "../../protocol/shortened_words.ts";
import { arrayReply, bulkBytesReply, bulkReply } from "../../protocol/resp/write/replies.ts";
import type { LocalRequest } from "../core/local_request.ts";

const EXEC = new TextEncoder().encode("EXEC");
const SPACE = 0x20;

/** The requests of one transaction, each as its command and its first key. */
export class QueuedWords {
  readonly #words: Uint8Array[] = [EXEC];
  #notShown = 0;

  /** Notes one more; of very many only the first. */
  note(request: LocalRequest): void {
    // One word says how many more there are.
    if (this.#words.length >= WORDS_MAX - 1) this.#notShown += 1;
    else this.#words.push(wordOf(request));
  }

  /** EXEC with what it carries out, in the form of a request. */
  asRequest(): Uint8Array {
    const words = this.#words.map((word) => bulkBytesReply(word, 0, word.length));
    if (this.#notShown > 0) words.push(bulkReply(`... (${this.#notShown} more requests)`));
    return arrayReply(words);
  }
}

function wordOf(request: LocalRequest): Uint8Array {
  const { frame } = request;
  const name = request.raw(0);
  if (frame.keyCount === 0) return name.slice();
  const key = request.raw(frame.firstKey).subarray(0, WORD_BYTES_MAX);
  const word = new Uint8Array(name.length + 1 + key.length);
  word.set(name);
  word[name.length] = SPACE;
  word.set(key, name.length + 1);
  return word;
}
