/**
 * One client of the model test: connection after connection, each with a depth of pipelining, cuts
 * of its writes, a pace of reading and an end drawn by lot.
 *
 * @module
 */
import { randomCuts } from "../support/tools/random_cuts.ts";
import { delay } from "../support/tools/poll.ts";
import type { Random } from "../support/tools/seed.ts";
import type { Dialect, IssuedRequest } from "./dialect.ts";
import { ReplyStream } from "./reply_reader.ts";
import { Violation } from "./violation.ts";

/** How a connection of a client ends. */
type Farewell = "drain" | "half-close" | "quit" | "abrupt";

const FAREWELLS: readonly Farewell[] = ["drain", "half-close", "quit", "abrupt", "abrupt"];
const READ_BYTES = 64 * 1024;
/** Wait until the next try where nobody listens, in milliseconds. */
const AWAY_MS = 20;
/** Connections that ended early and are told of. */
const CLOSED_MAX = 5;
/** Most pieces that one write is cut into. */
const PIECES_MAX = 40;
/** A client whose requests get no byte of a reply for this long waits in vain, in milliseconds. */
export const HANG_MS = 15_000;

/** What the clients of a run have in common. */
export interface ClientRules {
  readonly port: number;
  /** Most requests in flight. */
  readonly depthMax: number;
  /** Share of connections that read slowly, or stop reading for a while; 0 to 1. */
  readonly slowShare: number;
  /** Whether clients come and go, or stay on one connection. */
  readonly leaves: boolean;
  /** Whether nobody may be listening for a moment; then they try again. */
  readonly mayBeAway?: boolean;
}

/** What the clients of a run counted together. */
export class ClientCounts {
  connections = 0;
  requests = 0;
  replies = 0;
  /** Connections that the proxy closed with requests unanswered. */
  closedByProxy = 0;
  /** Those among them that were reset before the first reply: while they waited to be accepted, perhaps. */
  resetUnserved = 0;
  /** What is known of the latest of them. */
  readonly closed: string[] = [];
}

/** One client. */
export class ModelClient<Reply> {
  readonly number: number;
  readonly #random: Random;
  readonly #dialect: Dialect<Reply>;
  readonly #rules: ClientRules;
  readonly #counts: ClientCounts;
  #mayStart: () => boolean = () => true;
  #connection: ClientConnection<Reply> | null = null;

  constructor(
    number: number,
    random: Random,
    dialect: Dialect<Reply>,
    rules: ClientRules,
    counts: ClientCounts,
  ) {
    this.number = number;
    this.#random = random;
    this.#dialect = dialect;
    this.#rules = rules;
    this.#counts = counts;
  }

  /** Runs connection after connection while `mayStart` says so; then all due replies are read. */
  async run(mayStart: () => boolean): Promise<void> {
    this.#mayStart = mayStart;
    while (mayStart()) {
      const connection = await this.#connect();
      if (connection === null) continue;
      this.#connection = connection;
      this.#counts.connections += 1;
      await connection.run();
      this.#connection = null;
    }
  }

  /** A server lost its data. */
  forgetKeys(): void {
    this.#dialect.forgetKeys();
  }

  /**
   * Looks whether replies are due for too long.
   *
   * @throws {Violation} If so.
   */
  checkProgress(nowMs: number): void {
    this.#connection?.checkProgress(nowMs);
  }

  /** Null where nobody listens, and that may be. */
  async #connect(): Promise<ClientConnection<Reply> | null> {
    const { port, depthMax, slowShare, leaves, mayBeAway } = this.#rules;
    const random = this.#random;
    const socket = await Deno.connect({ hostname: "127.0.0.1", port }).catch(async (error) => {
      if (!mayBeAway) throw error;
      await delay(AWAY_MS);
      return null;
    });
    if (socket === null) return null;
    socket.setNoDelay(true);
    return new ClientConnection(socket, this.#dialect, random, this.#counts, {
      depth: random.chance(0.2) ? 1 : random.between(1, depthMax),
      isSlow: random.chance(slowShare),
      isCut: random.chance(0.5),
      requestsMax: leaves ? random.between(1, 10 * depthMax) : Infinity,
      farewell: random.pick(FAREWELLS),
      mayGoOn: () => this.#mayStart(),
    });
  }
}

/** How one connection behaves. */
interface Manner {
  readonly depth: number;
  readonly isSlow: boolean;
  readonly isCut: boolean;
  readonly requestsMax: number;
  readonly farewell: Farewell;
  mayGoOn(): boolean;
}

class ClientConnection<Reply> {
  readonly #socket: Deno.TcpConn;
  readonly #dialect: Dialect<Reply>;
  readonly #random: Random;
  readonly #counts: ClientCounts;
  readonly #manner: Manner;
  readonly #startedAtMs = performance.now();
  readonly #replies: ReplyStream<Reply>;
  readonly #due: IssuedRequest<Reply>[] = [];
  /** Requests among them that have a reply to come. */
  #awaited = 0;
  #isWriting = true;
  #isLeaving = false;
  #hasEnded = false;
  /** How reading ended. */
  #ending = "end of stream";
  /** How writing ended, if not well: Linux tells of a reset once, to whoever reads or writes first. */
  #sendError = "";
  #replyCount = 0;
  #lastProgressMs = performance.now();
  #wake: () => void = () => {};

  constructor(
    socket: Deno.TcpConn,
    dialect: Dialect<Reply>,
    random: Random,
    counts: ClientCounts,
    manner: Manner,
  ) {
    this.#socket = socket;
    this.#dialect = dialect;
    this.#random = random;
    this.#counts = counts;
    this.#manner = manner;
    this.#replies = new ReplyStream(dialect.createReader());
  }

  /** Talks until the connection has ended. */
  async run(): Promise<void> {
    this.#dialect.connected();
    try {
      await Promise.all([this.#read(), this.#write()]);
    } finally {
      this.#close();
    }
    this.#settle();
  }

  checkProgress(nowMs: number): void {
    if (this.#awaited === 0) this.#lastProgressMs = nowMs;
    if (nowMs - this.#lastProgressMs < HANG_MS) return;
    throw new Violation(`${this.#due[0]!.describe()}: no reply for ${HANG_MS} ms`);
  }

  async #write(): Promise<void> {
    const { depth, requestsMax, mayGoOn } = this.#manner;
    let sent = 0;
    while (sent < requestsMax && mayGoOn() && !this.#hasEnded) {
      const room = depth - this.#awaited;
      if (room <= 0) {
        await this.#change();
        continue;
      }
      const count = this.#random.between(1, room);
      sent += count;
      if (!await this.#sendRequests(count)) return;
    }
    await this.#sayFarewell();
    this.#isWriting = false;
  }

  async #sayFarewell(): Promise<void> {
    const { farewell, mayGoOn } = this.#manner;
    // At the end of a run everybody waits for all replies.
    const manner = mayGoOn() ? farewell : this.#random.pick(["drain", "half-close", "quit"]);
    if (this.#hasEnded) return;
    if (manner === "abrupt" || manner === "half-close") await this.#sendPart();
    if (manner === "abrupt") {
      this.#isLeaving = true;
      return this.#close();
    }
    if (manner === "quit") {
      const request = this.#dialect.farewell();
      this.#expect(request);
      await this.#send(request.bytes);
    } else if (manner === "half-close") {
      try {
        await this.#socket.closeWrite();
      } catch {
        // The connection is gone already, which the read finds out.
      }
    } else {
      while (this.#awaited > 0 && !this.#hasEnded) await this.#change();
      this.#isLeaving = true;
      this.#close();
    }
  }

  /** Sometimes a connection ends within a request, which then never runs. */
  async #sendPart(): Promise<void> {
    if (!this.#random.chance(0.3)) return;
    const request = this.#dialect.next();
    await this.#send(request.bytes.subarray(0, this.#random.below(request.bytes.length)));
    request.unanswered();
  }

  async #sendRequests(count: number): Promise<boolean> {
    const batch: Uint8Array[] = [];
    let byteCount = 0;
    for (let index = 0; index < count; index++) {
      const request = this.#dialect.next();
      this.#expect(request);
      this.#counts.requests += 1;
      batch.push(request.bytes);
      byteCount += request.bytes.length;
    }
    const bytes = new Uint8Array(byteCount);
    let position = 0;
    for (const part of batch) {
      bytes.set(part, position);
      position += part.length;
    }
    return await this.#send(bytes);
  }

  #expect(request: IssuedRequest<Reply>): void {
    if (this.#awaited === 0) this.#lastProgressMs = performance.now();
    if (!request.isQuiet) this.#awaited += 1;
    this.#due.push(request);
  }

  /** Sends in one piece or several; false if the connection is gone. */
  async #send(bytes: Uint8Array): Promise<boolean> {
    let lengths = this.#manner.isCut ? randomCuts(this.#random, bytes.length) : [bytes.length];
    if (lengths.length > PIECES_MAX) {
      const head = lengths.slice(0, PIECES_MAX);
      lengths = [...head, bytes.length - head.reduce((sum, length) => sum + length, 0)];
    }
    let start = 0;
    try {
      for (const length of lengths) {
        for (const end = start + length; start < end;) {
          start += await this.#socket.write(bytes.subarray(start, end));
        }
        if (lengths.length > 1 && this.#random.chance(0.3)) await delay(0);
      }
      return true;
    } catch (error) {
      this.#sendError = String(error);
      return false;
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (true) {
      if (this.#manner.isSlow) await this.#dawdle();
      let count: number | null = null;
      try {
        count = await this.#socket.read(buffer);
      } catch (error) {
        // Reset or closed by ourselves: the same as an end.
        this.#ending = String(error);
      }
      if (count === null) break;
      this.#lastProgressMs = performance.now();
      this.#replies.push(buffer.subarray(0, count));
      for (let reply = this.#replies.next(); reply !== null; reply = this.#replies.next()) {
        this.#take(reply);
      }
      this.#wake();
    }
    this.#hasEnded = true;
    this.#wake();
  }

  async #dawdle(): Promise<void> {
    const random = this.#random;
    await delay(random.chance(0.05) ? random.between(200, 1_500) : random.between(0, 20));
  }

  #take(reply: Reply): void {
    let request = this.#due.shift();
    while (request !== undefined && request.isQuiet) {
      request.passed();
      request = this.#due.shift();
    }
    if (request === undefined) throw new Violation("a reply came that no request asked for");
    this.#counts.replies += 1;
    this.#replyCount += 1;
    this.#awaited -= 1;
    request.replied(reply);
  }

  /** The connection has ended: what is due may have run. */
  #settle(): void {
    const isWhole = this.#replies.pending === 0;
    if (!this.#isLeaving && (this.#awaited > 0 || !isWhole)) {
      this.#counts.closedByProxy += 1;
      // A broken pipe instead would mean that the proxy has closed it.
      const wasReset = `${this.#ending} ${this.#sendError}`.includes("reset");
      if (this.#replyCount === 0 && wasReset) this.#counts.resetUnserved += 1;
      const ageMs = Math.round(performance.now() - this.#startedAtMs);
      this.#counts.closed.push(
        `after ${ageMs} ms, ${this.#due.length} due, first ${this.#due[0]?.describe()}, ` +
          `${this.#replyCount} replies before, rest "${this.#replies.rest}", ` +
          `ended by ${this.#ending} ${this.#sendError}, ${this.#manner.farewell}, ` +
          `${this.#isWriting ? "" : "not "}writing, ${JSON.stringify(this.#manner)}`,
      );
      if (this.#counts.closed.length > CLOSED_MAX) this.#counts.closed.shift();
    }
    for (const request of this.#due) request.unanswered();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  #close(): void {
    try {
      this.#socket.close();
    } catch {
      // Closed already.
    }
  }
}
