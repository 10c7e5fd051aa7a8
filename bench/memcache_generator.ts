/**
 * Sends memcache gets over many pipelined connections and looks at every byte of every reply. Run
 * by `memcache_load.ts`: the plan is the argument, each line of standard input is a number of
 * requests to send, each line of standard output the result.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { KEY_DIGITS, keyOf, valueOf } from "./data_set.ts";
import type { GeneratorPlan, GeneratorReport } from "./memcache_load.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Latencies are counted by the microsecond up to here; what is slower is counted as this. */
const LATENCY_US_MAX = 2_000_000;

const ZERO = "0".charCodeAt(0);
const GET = "get ";
const VALUE = "VALUE ";
const END = encoder.encode("END\r\n");
/** All keys are as long. */
const KEY_BYTES = keyOf(0).length;

/** Bytes of a reply that an error message shows. */
const SHOWN_BYTES = 80;

/** Requests left and latencies seen, shared by all connections. */
class Run {
  #left: number;
  readonly #latenciesUs = new Uint32Array(LATENCY_US_MAX + 1);
  readonly #requests: number;

  constructor(requests: number) {
    this.#left = requests;
    this.#requests = requests;
  }

  /** Takes up to `count` of the requests that are left. */
  take(count: number): number {
    const taken = Math.min(count, this.#left);
    this.#left -= taken;
    return taken;
  }

  countLatency(milliseconds: number, replies: number): void {
    const index = Math.min(LATENCY_US_MAX, Math.max(0, Math.round(milliseconds * 1000)));
    this.#latenciesUs[index]! += replies;
  }

  meanMs(): number {
    let sumUs = 0;
    for (let index = 0; index <= LATENCY_US_MAX; index++) {
      sumUs += this.#latenciesUs[index]! * index;
    }
    return sumUs / this.#requests / 1000;
  }

  /** The latency that this share of the requests did not exceed. */
  quantileMs(share: number): number {
    const rank = Math.ceil(this.#requests * share);
    let seen = 0;
    for (let index = 0; index <= LATENCY_US_MAX; index++) {
      seen += this.#latenciesUs[index]!;
      if (seen >= rank) return index / 1000;
    }
    return LATENCY_US_MAX / 1000;
  }
}

/** One client: writes a batch of gets, reads all replies, writes the next. */
class Client {
  readonly #connection: Deno.TcpConn;
  readonly #plan: GeneratorPlan;
  readonly #requests: Uint8Array;
  readonly #requestBytes: number;
  /** By request, the sum of its keys' numbers. */
  readonly #sums: Float64Array;
  readonly #received: Buffer;
  readonly #values: readonly Uint8Array[];
  readonly #replyBytes: number;

  /** @param values The expected value of each key as it stands in a reply, by the key's number. */
  constructor(connection: Deno.TcpConn, plan: GeneratorPlan, values: readonly Uint8Array[]) {
    this.#connection = connection;
    this.#plan = plan;
    this.#values = values;
    const request = `get ${Array(plan.keysOfRequest).fill(keyOf(0)).join(" ")}\r\n`;
    this.#requestBytes = request.length;
    this.#requests = encoder.encode(request.repeat(plan.pipeline));
    this.#sums = new Float64Array(plan.pipeline);
    this.#replyBytes = plan.keysOfRequest * values[0]!.length + END.length;
    // Room for one byte too many, which would be a reply that nobody asked for.
    this.#received = Buffer.alloc(plan.pipeline * this.#replyBytes + 1);
  }

  async run(run: Run): Promise<void> {
    while (true) {
      const batch = run.take(this.#plan.pipeline);
      if (batch === 0) return;
      this.#drawKeys(batch);
      const sentAtMs = performance.now();
      await this.#send(batch * this.#requestBytes);
      await this.#receive(batch, sentAtMs, run);
    }
  }

  #drawKeys(batch: number): void {
    for (let position = 0; position < batch; position++) {
      this.#sums[position] = 0;
      for (let key = 0; key < this.#plan.keysOfRequest; key++) this.#drawKey(position, key);
    }
  }

  #drawKey(position: number, key: number): void {
    let number = Math.floor(Math.random() * this.#plan.keys);
    this.#sums[position]! += number;
    let digit = position * this.#requestBytes + GET.length + (key + 1) * (KEY_BYTES + 1) - 2;
    for (let count = 0; count < KEY_DIGITS; count++) {
      this.#requests[digit--] = ZERO + number % 10;
      number = Math.floor(number / 10);
    }
  }

  async #send(byteCount: number): Promise<void> {
    let written = 0;
    while (written < byteCount) {
      written += await this.#connection.write(this.#requests.subarray(written, byteCount));
    }
  }

  async #receive(batch: number, sentAtMs: number, run: Run): Promise<void> {
    const replyBytes = this.#replyBytes;
    let length = 0;
    let checked = 0;
    while (checked < batch) {
      const count = await this.#connection.read(this.#received.subarray(length));
      if (count === null) throw new Error("Connection ended");
      length += count;
      if (length > batch * replyBytes) throw new Error("More was answered than was asked");
      // A reply of another length shows as a difference from the expected bytes.
      const whole = Math.floor(length / replyBytes);
      for (let position = checked; position < whole; position++) this.#check(position);
      run.countLatency(performance.now() - sentAtMs, whole - checked);
      checked = whole;
      if (length < replyBytes * (checked + 1)) this.#checkStart(checked, length);
    }
  }

  /** All values asked for must be there, in whatever order: nutcracker gives them server by server. */
  #check(position: number): void {
    const replyStart = position * this.#replyBytes;
    let start = replyStart;
    let sum = 0;
    for (let key = 0; key < this.#plan.keysOfRequest; key++) {
      const number = this.#numberAt(start + VALUE.length + KEY_BYTES);
      const expected = this.#values[number];
      if (expected === undefined) return this.#refuse(replyStart);
      const end = start + expected.length;
      if (this.#received.compare(expected, 0, expected.length, start, end) !== 0) {
        this.#refuse(replyStart);
      }
      sum += number;
      start = end;
    }
    const isEnd = this.#received.compare(END, 0, END.length, start, start + END.length) === 0;
    if (!isEnd || sum !== this.#sums[position]) this.#refuse(replyStart);
  }

  /** The number of the key that ends at `end`. */
  #numberAt(end: number): number {
    let number = 0;
    for (let digit = end - KEY_DIGITS; digit < end; digit++) {
      number = number * 10 + this.#received[digit]! - ZERO;
    }
    return number;
  }

  /**
   * A miss or an error is shorter than what is waited for: looks at the first bytes of a partial
   * reply.
   */
  #checkStart(position: number, length: number): void {
    const start = position * this.#replyBytes;
    if (length > start && this.#received[start] !== "V".charCodeAt(0)) this.#refuse(start);
  }

  #refuse(start: number): never {
    const shown = decoder.decode(this.#received.subarray(start, start + SHOWN_BYTES));
    throw new Error(`A get was answered by ${JSON.stringify(shown)}`);
  }
}

async function measure(clients: readonly Client[], requests: number): Promise<GeneratorReport> {
  const run = new Run(requests);
  const startedAtMs = performance.now();
  try {
    await Promise.all(clients.map((client) => client.run(run)));
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  return {
    requestsPerSecond: requests / seconds,
    meanMs: run.meanMs(),
    medianMs: run.quantileMs(0.5),
    p99Ms: run.quantileMs(0.99),
  };
}

function expectedValues(plan: GeneratorPlan): Uint8Array[] {
  return Array.from({ length: plan.keys }, (_, index) => {
    const value = decoder.decode(valueOf(index, plan.valueBytes));
    return encoder.encode(`VALUE ${keyOf(index)} 0 ${plan.valueBytes}\r\n${value}\r\n`);
  });
}

async function main(plan: GeneratorPlan): Promise<void> {
  const values = expectedValues(plan);
  const clients: Client[] = [];
  for (let index = 0; index < plan.clients; index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: plan.port });
    connection.setNoDelay(true);
    clients.push(new Client(connection, plan, values));
  }
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    console.log(JSON.stringify(await measure(clients, Number(text))));
  }
  // The connections would keep the process; there is nobody left to ask it for anything.
  Deno.exit(0);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]!) as GeneratorPlan);
