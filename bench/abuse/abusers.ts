/**
 * Clients that ask for much at once, each in a thread of its own: what they do must not keep other clients of the
 * same worker waiting.
 *
 * @module
 */
const encoder = new TextEncoder();
const READ_BYTES = 256 * 1024;

/** What an abuser is told. */
export interface AbuserOrder {
  readonly name: string;
  /** The proxy's port, and one of its server. */
  readonly port: number;
  readonly serverPort: number;
}

/** One round of abuse; returns when the proxy has answered all of it. */
type Abuser = (order: AbuserOrder) => Promise<void>;

/** A connection of which only the amount of what comes is looked at. */
class Flood implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(READ_BYTES);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<Flood> {
    return new Flood(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Reads until so many lines have come that begin with `first`. */
  async lines(first: string, count: number): Promise<void> {
    const byte = first.charCodeAt(0);
    let isLineStart = true;
    for (let seen = 0; seen < count;) {
      const read = await this.#connection.read(this.#buffer);
      if (read === null) throw new Error(`The proxy closed after ${seen} of ${count} lines`);
      for (let at = 0; at < read; at++) {
        const value = this.#buffer[at]!;
        if (isLineStart && value === byte) seen += 1;
        isLineStart = value === 0x0a;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** The bytes of a request. */
function request(...words: readonly string[]): Uint8Array {
  const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return encoder.encode(`*${words.length}\r\n${parts.join("")}`);
}

function namedRequest(verb: string, count: number): Uint8Array {
  return request(verb, ...Array.from({ length: count }, (_, index) => `channel:${index}`));
}

/** A confirmation is an array: one line that begins so. */
const ANSWER = "*";

async function subscribed(order: AbuserOrder, count: number, verb = "SUBSCRIBE"): Promise<Flood> {
  const client = await Flood.connect(order.port);
  await client.write(namedRequest(verb, count));
  await client.lines(ANSWER, count);
  return client;
}

const subscribeOf = (count: number, verb?: string): Abuser => async (order) => {
  using _ = await subscribed(order, count, verb);
};

const unsubscribeOf = (count: number): Abuser => async (order) => {
  using client = await subscribed(order, count);
  await client.write(request("UNSUBSCRIBE"));
  await client.lines(ANSWER, count);
};

const leaving: Abuser = async (order) => {
  const clients = await Promise.all([1, 2, 3].map(() => subscribed(order, 100_000)));
  for (const client of clients) client[Symbol.dispose]();
};

const reconnectStorm: Abuser = async (order) => {
  const all = await Promise.all(Array.from({ length: 400 }, () => Flood.connect(order.port)));
  const bytes = namedRequest("SUBSCRIBE", 1_000);
  await Promise.all(all.map(async (client) => {
    await client.write(bytes);
    await client.lines(ANSWER, 1_000);
    client[Symbol.dispose]();
  }));
};

const lostBackend: Abuser = async (order) => {
  using client = await subscribed(order, 99_000);
  using server = await Flood.connect(order.serverPort);
  await server.write(request("CLIENT", "KILL", "TYPE", "pubsub"));
  await server.lines(":", 1);
  // A name more is confirmed behind those that are renewed.
  await client.write(request("SUBSCRIBE", "after"));
  await client.lines(ANSWER, 1);
};

/** Messages, each to all of these subscribers. */
const fanOutOf =
  (subscribers: number, messages: number, bytes: number): Abuser => async (order) => {
    const all = await Promise.all(
      Array.from({ length: subscribers }, async () => {
        const client = await Flood.connect(order.port);
        await client.write(request("SUBSCRIBE", "news"));
        await client.lines(ANSWER, 1);
        return client;
      }),
    );
    const heard = Promise.all(all.map((client) => client.lines(ANSWER, messages)));
    using publisher = await Flood.connect(order.port);
    const message = request("PUBLISH", "news", "x".repeat(bytes));
    for (let sent = 0; sent < messages; sent++) {
      await publisher.write(message);
      await publisher.lines(":", 1);
    }
    await heard;
    for (const client of all) client[Symbol.dispose]();
  };

const pubsubQuestions: Abuser = async (order) => {
  using _ = await subscribed(order, 99_000);
  using asker = await Flood.connect(order.port);
  for (let round = 0; round < 5; round++) {
    await asker.write(request("PUBSUB", "CHANNELS", "*"));
    await asker.lines("$", 99_000);
  }
};

/** Who does nothing. */
const nobody: Abuser = () => new Promise((resolve) => setTimeout(resolve, 500));

/** By name. */
export const ABUSERS: Readonly<Record<string, Abuser>> = {
  "nobody": nobody,
  "SUBSCRIBE of 20,000 names": subscribeOf(20_000),
  "SUBSCRIBE of 99,000 names": subscribeOf(99_000),
  "PSUBSCRIBE of 20,000 names": subscribeOf(20_000, "PSUBSCRIBE"),
  "UNSUBSCRIBE of 99,000 names": unsubscribeOf(99_000),
  "three with 100,000 leave": leaving,
  "400 clients, 1,000 channels each": reconnectStorm,
  "99,000 and a lost backend connection": lostBackend,
  "40 messages of 100 B to 400": fanOutOf(400, 40, 100),
  "40 messages of 64 KB to 400": fanOutOf(400, 40, 65_536),
  "PUBSUB CHANNELS of 99,000 names": pubsubQuestions,
};

/** What this module's global scope has in a thread of its own. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<AbuserOrder>) => void;
  postMessage?: (failure: string | null) => void;
};

if (thread.postMessage !== undefined) {
  thread.onmessage = async ({ data }) => {
    try {
      await ABUSERS[data.name]!(data);
      thread.postMessage!(null);
    } catch (error) {
      thread.postMessage!(String(error));
    }
  };
}
