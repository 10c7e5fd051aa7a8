/**
 * Streams of server-sent events to all who look at the dashboard: one look at the workers a second serves them all,
 * and there is none while nobody looks.
 *
 * @module
 */

/** Time between two events, milliseconds. */
export const EVENT_INTERVAL_MS = 1_000;
/** Streams at once; further ones are told to come again. */
export const STREAMS_MAX = 16;

const encoder = new TextEncoder();

/** One event as the protocol has it. The data is JSON, which has no line ends. */
function eventBytes(name: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Everybody who looks. */
export class EventStreams {
  readonly #look: () => Promise<unknown>;
  readonly #controllers: Set<ReadableStreamDefaultController<Uint8Array>> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param look Returns what is sent each second. */
  constructor(look: () => Promise<unknown>) {
    this.#look = look;
  }

  /** How many look. */
  get size(): number {
    return this.#controllers.size;
  }

  /**
   * Begins a stream: the events of `first` at once, then `status` every second. Who does not read in time misses some.
   */
  open(first: Readonly<Record<string, unknown>>): Response {
    if (this.#controllers.size >= STREAMS_MAX) {
      return new Response("Too many look at once\n", { status: 503 });
    }
    let own: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        for (const [name, data] of Object.entries(first)) {
          controller.enqueue(eventBytes(name, data));
        }
        this.#controllers.add(controller);
        if (this.#controllers.size === 1) this.#schedule();
      },
      cancel: () => this.#left(own),
    }, { highWaterMark: 4 });
    return new Response(stream, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  /** Ends all streams. */
  close(): void {
    for (const controller of this.#controllers) controller.close();
    this.#controllers.clear();
    clearTimeout(this.#timer);
  }

  #left(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controllers.delete(controller);
    if (this.#controllers.size === 0) clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#tick(), EVENT_INTERVAL_MS);
  }

  async #tick(): Promise<void> {
    try {
      const bytes = eventBytes("status", await this.#look());
      for (const controller of this.#controllers) {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(bytes);
      }
    } catch {
      // The next look may succeed; whoever looks sees that nothing comes meanwhile.
    }
    if (this.#controllers.size > 0) this.#schedule();
  }
}
