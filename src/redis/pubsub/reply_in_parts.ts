/**
 * The reply to a request of many names: a confirmation for each, written as they come. What is written is
 * bounded by what the client takes.
 *
 * @module
 */
import { ByteWriter } from "../../bytes/byte_writer.ts";
import type { DeferredReply, LocalClient } from "../../session/stages.ts";
import { writeConfirmation } from "./confirmation.ts";

/** What a client has to take above which nothing is added, bytes. */
export const WAITING_BYTES_MAX = 1024 * 1024;

/** What was not handed to the client yet: whoever works on a reply hands it over before another does. */
const writer = new ByteWriter();
const NOTHING = new Uint8Array(0);

/** The reply to one request of many names, written as confirmations come, no faster than the client takes them. */
export class ReplyInParts {
  readonly #client: LocalClient;
  readonly #version: 2 | 3;
  #late: DeferredReply | null = null;

  constructor(client: LocalClient) {
    this.#client = client;
    this.#version = client.profiles.master.version;
  }

  /** Whether the client has so much to take that nothing should be added. */
  get isBacklogged(): boolean {
    return this.#client.output.waitingBytes > WAITING_BYTES_MAX;
  }

  /** Takes the request at hand to be answered later: the client's next ones wait. */
  comesLate(): void {
    this.#late ??= this.#client.answerLater();
  }

  /** What the rest of a reply that comes late is given to. */
  get late(): DeferredReply {
    this.comesLate();
    return this.#late!;
  }

  /** Adds `[verb, name, count]`. */
  confirm(verb: string, name: string | null, count: number): void {
    writeConfirmation(writer, verb, name, count, this.#version);
  }

  /** Hands over what was added; more follows. */
  handOver(): void {
    if (writer.length === 0) return;
    if (this.#client.isMuted) this.#client.push(writer.bytes, 0, writer.length);
    else this.late.part(writer.bytes, 0, writer.length);
    writer.clear();
  }

  /** The reply ends. Where nothing of it was late it is returned, as the answer to the request at hand. */
  end(): Uint8Array | null {
    const reply = writer.bytes.slice(0, writer.length);
    writer.clear();
    // As a server has it, CLIENT REPLY silences no confirmation.
    if (this.#client.isMuted) this.#client.push(reply);
    const told = this.#client.isMuted ? NOTHING : reply;
    if (this.#late !== null) this.#late.reply(told);
    else if (told.length > 0) return told;
    return null;
  }
}
