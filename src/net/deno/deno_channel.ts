/**
 * Lines of text between two processes over a unix socket of Deno's. Whose process is at the other end is said by the
 * socket's file alone: only its owner may connect.
 *
 * @module
 */
import { type Clock, Deadline } from "../../clock.ts";
import { ACCEPT_RETRY_MS } from "../io_engine.ts";
import { LINE_BYTES_MAX, ReceivedLines } from "../received_lines.ts";

const DOOR_MODE = 0o600;
/** Bits of a mode that let others write, and so connect. */
const WRITE_OF_OTHERS = 0o022;

/** One end of a connection. */
export class DenoChannel {
  readonly #clock: Clock;
  readonly #connection: Deno.UnixConn;
  readonly #lines = new ReceivedLines();
  #isClosed = false;

  /** @param connection This object's from now on. */
  constructor(clock: Clock, connection: Deno.UnixConn) {
    this.#clock = clock;
    this.#connection = connection;
  }

  /**
   * Sends a line.
   *
   * @throws {Error} If the other side is gone.
   */
  async send(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** The next line; null where none comes in time, or none any more. */
  async receive(timeoutMs: number): Promise<string | null> {
    // A read cannot be taken back: who waits too long has no use for the channel any more.
    const deadline = new Deadline(this.#clock, timeoutMs, () => this.close());
    try {
      for (;;) {
        const line = this.#lines.take();
        if (line !== null) return line;
        if (!this.#lines.hasRoom || !await this.#receiveMore()) return null;
      }
    } finally {
      deadline.cancel();
    }
  }

  /** None can come. */
  takeDescriptors(): number[] {
    return [];
  }

  /** Ends it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  async #receiveMore(): Promise<boolean> {
    const bytes = new Uint8Array(LINE_BYTES_MAX);
    try {
      const count = await this.#connection.read(bytes);
      if (count === null) return false;
      this.#lines.add(bytes.subarray(0, count));
      return true;
    } catch {
      // Closed here, or reset by the other side: no line comes any more.
      return false;
    }
  }
}

/** A unix socket at a path, to which this user's processes connect. */
export class DenoDoor {
  readonly #clock: Clock;
  readonly #listener: Deno.UnixListener;
  #isClosed = false;

  /**
   * Opens it; nothing else may be at the path.
   *
   * @throws {Error} If it cannot be opened, or others could connect before its mode is set.
   */
  constructor(clock: Clock, path: string) {
    this.#clock = clock;
    this.#listener = Deno.listen({ transport: "unix", path });
    const mode = Deno.statSync(path).mode ?? DOOR_MODE;
    if ((mode & WRITE_OF_OTHERS) !== 0) {
      this.close();
      throw new Error("the umask of this process would let other users connect");
    }
    Deno.chmodSync(path, DOOR_MODE);
  }

  /** The next connection; null when the door is closed. */
  async accept(): Promise<DenoChannel | null> {
    while (!this.#isClosed) {
      try {
        return new DenoChannel(this.#clock, await this.#listener.accept());
      } catch {
        // Closed, or out of descriptors.
        if (!this.#isClosed) await delay(ACCEPT_RETRY_MS);
      }
    }
    return null;
  }

  /** Nobody gets in any more, and the path is free. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Deno removes the file.
    this.#listener.close();
  }
}

/** Connects to the door at a path; null where nobody is behind it. */
export async function connectDenoChannel(clock: Clock, path: string): Promise<DenoChannel | null> {
  try {
    return new DenoChannel(clock, await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    const isNobody = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused;
    if (isNobody) return null;
    throw error;
  }
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
