/**
 * The proxy's core without sockets and without time: sessions, backends and their context on fake connections,
 * a clock that the test moves and pools that count what was not given back.
 *
 * @module
 */
import { DialPace } from "../../../src/backend/dial_pace.ts";
import { ServerOrders } from "../../../src/backend/server_orders.ts";
import { Backend } from "../../../src/backend/backend.ts";
import type { BackendConnection } from "../../../src/backend/connection.ts";
import type { BackendContext, BackendLimits } from "../../../src/backend/backend_context.ts";
import { RequestWatch } from "../../../src/backend/request_watch.ts";
import { type Chunk, ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { ArrayPool } from "../../../src/bytes/receive_buffer.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import type { Clock } from "../../../src/clock.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { MemberList } from "../../../src/member_list.ts";
import { DenoEngine } from "../../../src/net/deno/deno_engine.ts";
import { Audit } from "../../../src/observe/audit.ts";
import { ClusterMetrics } from "../../../src/observe/cluster_metrics.ts";
import { BigKeys } from "../../../src/observe/big_keys.ts";
import { SeriesBudget } from "../../../src/observe/durations.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { SlowLog } from "../../../src/observe/slow_log.ts";
import { type Protocol, RequestFrame } from "../../../src/protocol/protocol.ts";
import type { Exchange, RoutedClient } from "../../../src/request/exchange.ts";
import { RequestPool } from "../../../src/request/pool.ts";
import type { Request } from "../../../src/request/request.ts";
import {
  type Learned,
  Redirection,
  type RedirectionCode,
  type Router,
  ShardsState,
  type ShardsStateCode,
} from "../../../src/router/router.ts";
import { FanOut } from "../../../src/session/fan_out.ts";
import { OutputPool } from "../../../src/session/output_share.ts";
import { Session } from "../../../src/session/session.ts";
import type {
  ClosableSession,
  SessionContext,
  SessionLimits,
} from "../../../src/session/session_context.ts";
import { assertEquals } from "../../deps.ts";
import { FakeNetwork } from "../fakes/fake_network.ts";
import { FakeTcpConn, turn } from "../fakes/fake_tcp_conn.ts";
import { LineAnswers, LineProtocol } from "../clients/line_protocol.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** The backends' ports start here; nothing listens on them. */
export const FIRST_BACKEND_PORT = 7000;

/** What a test may set; the rest is generous. */
export interface RigOptions {
  backendCount?: number;
  handshake?: readonly string[];
  /** Another protocol than that of lines. */
  protocol?: Protocol;
  retainsRequests?: boolean;
  isAtomic?: boolean;
  limits?: Partial<BackendLimits>;
  sessionLimits?: Partial<SessionLimits>;
  /** What all clients together may leave untaken above a little each. */
  outputPoolBytes?: number;
}

/** Requests and exchanges that were taken and not given back. */
export class CountingRequestPool extends RequestPool {
  requestsOut = 0;
  exchangesOut = 0;

  override takeRequest(): Request {
    this.requestsOut += 1;
    return super.takeRequest();
  }

  override releaseRequest(request: Request): void {
    super.releaseRequest(request);
    this.requestsOut -= 1;
  }

  override takeExchange(): Exchange {
    this.exchangesOut += 1;
    return super.takeExchange();
  }

  override releaseExchange(exchange: Exchange): void {
    super.releaseExchange(exchange);
    this.exchangesOut -= 1;
  }
}

/** Chunks that were taken and not given back. */
export class CountingChunkPool extends ChunkPool {
  chunksOut = 0;

  override take(byteCount: number): Chunk {
    this.chunksOut += 1;
    return super.take(byteCount);
  }

  override release(chunk: Chunk): void {
    super.release(chunk);
    if (chunk.isPooled) this.chunksOut -= 1;
  }
}

/** A key's last character is the number of its backend; a number too high has none. */
export class DigitRouter implements Router {
  epoch = 1;
  resendListener = null;
  awaitsFirstMap = false;
  shardsState: ShardsStateCode = ShardsState.Known;
  readonly waitingClients = 0;
  readonly #backends: readonly Backend[];
  /** What becomes of error replies. */
  onError: (exchange: Exchange, reply: string) => boolean = () => false;

  /** Whom {@link learn} names. */
  asked: Backend | null = null;
  /** What {@link learn} makes of error replies. */
  onLearn: (reply: string) => RedirectionCode = () => Redirection.None;

  constructor(backends: readonly Backend[]) {
    this.#backends = backends;
  }

  place(bytes: Uint8Array, _start: number, end: number): number {
    const place = bytes[end - 1]! - 0x30;
    return place < this.#backends.length ? place : -1;
  }

  anyPlace(): number {
    return this.#backends.length - 1;
  }

  connectionFor(place: number, _isRead: boolean, client: RoutedClient): BackendConnection | null {
    return this.#backends[place]?.connectionFor(client.number, client.profiles.master) ?? null;
  }

  backendAt(place: number): Backend | null {
    return this.#backends[place] ?? null;
  }

  whyUnplaced(): Failure {
    return failures.noBackend;
  }

  backends(): readonly Backend[] {
    return this.#backends;
  }

  learn(_exchange: Exchange, bytes: Uint8Array, start: number, end: number): Learned {
    const redirection = this.onLearn(new TextDecoder().decode(bytes.subarray(start, end)));
    return { redirection, asked: this.asked };
  }

  shards(): readonly Backend[] {
    return this.#backends;
  }

  allShards(): readonly Backend[] {
    return this.#backends;
  }

  numberedShards(): readonly (Backend | null)[] | null {
    return [null, ...this.#backends];
  }

  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    return this.onError(exchange, new TextDecoder().decode(bytes.subarray(start, end)));
  }
}

/** One client and its end of the connection. */
export interface RigClient {
  session: Session;
  conn: FakeTcpConn;
}

/** A watch that is off. */
export function createWatch(
  protocol: Protocol = new LineProtocol(),
  clock: Clock = new ManualClock(),
  slowLog: SlowLog = new SlowLog(100),
  metrics: { slowRequests: number } = { slowRequests: 0 },
): RequestWatch {
  let entryCount = 0;
  const nextEntryNumber = () => entryCount += 1;
  const bigKeys = new BigKeys();
  return new RequestWatch({ protocol, clock, slowLog, bigKeys, metrics, nextEntryNumber });
}

/** Everything a session or a backend connection needs. */
export class CoreRig implements Disposable {
  readonly network = new FakeNetwork();
  readonly clock = new ManualClock();
  readonly engine = new DenoEngine(this.clock);
  readonly requests = new CountingRequestPool();
  readonly chunks = new CountingChunkPool();
  readonly metrics = new ClusterMetrics("rig");
  readonly slowLog = new SlowLog(100);
  readonly records: LogRecord[] = [];
  /** Whether connections to backends lead back. */
  isLoop = false;
  /** Who takes requests that could not be sent. */
  takeUnsent: (exchange: Exchange, failure: Failure) => boolean = () => false;
  /** Addresses that could not be connected to. */
  readonly unreachable: string[] = [];
  /** Addresses that get no requests because of timeouts. */
  readonly circuitsOpened: string[] = [];
  readonly ended: ClosableSession[] = [];
  readonly context: BackendContext;
  readonly sessionContext: SessionContext;
  readonly backends: Backend[] = [];
  /** All backends, also of a router that makes its own. */
  allBackends: () => Iterable<Backend> = () => this.backends;
  readonly router: DigitRouter;
  /** What else is asserted behind every step. */
  readonly furtherChecks: (() => void)[] = [];
  readonly #connections: FakeTcpConn[] = [];
  readonly #sessions: Session[] = [];
  #clientCount = 0;

  constructor(options: RigOptions = {}) {
    this.clock.afterTick = () => this.checkInvariants();
    this.context = this.#createBackendContext(options);
    for (let index = 0; index < (options.backendCount ?? 2); index++) {
      const port = FIRST_BACKEND_PORT + index;
      this.backends.push(
        new Backend({ endpoint: tcpEndpoint("10.0.0.1", port) }, this.context),
      );
    }
    this.router = new DigitRouter(this.backends);
    this.sessionContext = this.#createSessionContext(options);
  }

  #createBackendContext(options: RigOptions): BackendContext {
    const protocol = options.protocol ?? new LineProtocol(options.handshake);
    return {
      protocol,
      clock: this.clock,
      chunks: this.chunks,
      arrays: new ArrayPool(),
      requests: this.requests,
      engine: this.engine,
      log: new Log("debug", (record) => this.records.push(record)),
      metrics: this.metrics,
      audit: new Audit("rig", null),
      orders: new ServerOrders(),
      dials: new DialPace(this.clock),
      links: new MemberList(),
      limits: {
        dialTimeoutMs: 500,
        readTimeoutMs: 1000,
        writeTimeoutMs: 1000,
        queueBytesMax: 64_000_000,
        queueSoftBytes: 32_000_000,
        connections: 1,
        hidesAddresses: false,
        circuitTimeouts: 0,
        failoverWaitMs: 0,
        ...options.limits,
      },
      retainsRequests: options.retainsRequests ?? false,
      seriesBudget: new SeriesBudget(),
      watch: createWatch(protocol, this.clock, this.slowLog, this.metrics),
      isLoop: () => this.isLoop,
      takeUnsent: (exchange, failure) => this.takeUnsent(exchange, failure),
      backendUnreachable: (address) => this.unreachable.push(address),
      circuitOpened: (address) => this.circuitsOpened.push(address),
    };
  }

  #createSessionContext(options: RigOptions): SessionContext {
    return {
      ...this.context,
      router: this.router,
      local: new LineAnswers(),
      frame: new RequestFrame(),
      fanOut: new FanOut(),
      output: new OutputPool(options.outputPoolBytes ?? 256 * 1024 * 1024),
      firstClientId: 0,
      limits: {
        pipelineMax: 1000,
        outputBytesMax: 64 * 1024 * 1024,
        readAheadBytes: 64 * 1024,
        requestBytesMax: 1024 * 1024 * 1024,
        writeTimeoutMs: 1000,
        ...options.sessionLimits,
      },
      sampler: null,
      isAtomic: options.isAtomic ?? false,
      sessionEnded: (session) => this.ended.push(session),
    };
  }

  /** A new client, already reading. */
  client(context: SessionContext = this.sessionContext): RigClient {
    const conn = this.track(new FakeTcpConn());
    this.#clientCount += 1;
    const session = new Session(this.engine.adopt(conn.asTcpConn), this.#clientCount, context);
    this.#sessions.push(session);
    session.start();
    return { session, conn };
  }

  /** The attempt to connect to a backend succeeds. */
  async accept(backend: number): Promise<FakeTcpConn> {
    const conn = await this.network.attempt(FIRST_BACKEND_PORT + backend).succeeds();
    return this.track(conn);
  }

  /** The attempt to connect to a backend is refused. */
  async refuse(backend: number): Promise<void> {
    await this.network.attempt(FIRST_BACKEND_PORT + backend).fails();
  }

  /** Has the rules watched on this connection. */
  track(conn: FakeTcpConn): FakeTcpConn {
    this.#connections.push(conn);
    conn.afterStep = () => this.checkInvariants();
    return conn;
  }

  /** Asserts what must hold of all sessions, and of the connections of all backends, behind every step. */
  checkInvariants(): void {
    for (const session of this.#sessions) session.checkInvariants();
    for (const backend of this.allBackends()) {
      for (const connection of backend.connections()) connection.checkInvariants();
    }
    for (const check of this.furtherChecks) check();
  }

  /** Closes every backend, and asserts that nothing was lost or broken on the way. */
  async ends(): Promise<void> {
    for (const backend of this.backends) backend.close(failures.shuttingDown);
    await turn();
    for (const conn of this.#connections) {
      if (conn.writing !== null) await conn.failsWrite();
      assertEquals(conn.breaches, []);
      assertEquals(conn.closeCount <= 1, true);
    }
    assertEquals(
      [this.requests.requestsOut, this.requests.exchangesOut, this.chunks.chunksOut],
      [0, 0, 0],
      "requests, exchanges and chunks not given back",
    );
  }

  [Symbol.dispose](): void {
    this.network[Symbol.dispose]();
  }
}
