/**
 * The two ends of a channel between processes, in one process and without a socket.
 *
 * @module
 */
import type { TakeoverChannel } from "../../../../src/supervisor/takeover/transport.ts";

/** One end. What comes too late is told by the test: a wait ends when the other end closes. */
export class FakeChannel implements TakeoverChannel {
  peer: FakeChannel | null = null;
  isClosed = false;
  readonly #lines: string[] = [];
  readonly #descriptors: number[] = [];
  #wake: () => void = () => {};

  send(line: string, descriptors: readonly number[] = []): Promise<void> {
    if (this.peer!.isClosed) return Promise.reject(new Error("gone"));
    this.peer!.#lines.push(line);
    this.peer!.#descriptors.push(...descriptors);
    this.peer!.#wake();
    return Promise.resolve();
  }

  async receive(): Promise<string | null> {
    while (this.#lines.length === 0) {
      if (this.isClosed || this.peer!.isClosed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#lines.shift()!;
  }

  takeDescriptors(count: number): number[] {
    return this.#descriptors.splice(0, count);
  }

  close(): void {
    this.isClosed = true;
    this.#wake();
    this.peer!.#wake();
  }

  /** Whether the other end is closed. */
  get isEnded(): boolean {
    return this.peer!.isClosed;
  }

  /** Sends a message, as a line of JSON. */
  says(message: unknown, descriptors: readonly number[] = []): Promise<void> {
    return this.send(JSON.stringify(message), descriptors);
  }

  /** The next message. */
  async hears(): Promise<unknown> {
    return JSON.parse((await this.receive())!);
  }
}

/** Both ends. */
export function channelPair(): [FakeChannel, FakeChannel] {
  const [one, other] = [new FakeChannel(), new FakeChannel()];
  [one.peer, other.peer] = [other, one];
  return [one, other];
}
