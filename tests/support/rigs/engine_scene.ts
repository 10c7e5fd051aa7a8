/**
 * An I/O engine with listeners, connections and peers on loopback, all closed at the end, and a
 * check that no descriptor stays open.
 *
 * @module
 */
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import { Clock } from "../../../src/clock.ts";
import { type GivenSocket, tcpEndpoint } from "../../../src/endpoint.ts";
import type { Failure } from "../../../src/failure.ts";
import type {
  Acceptor,
  Connection,
  Dial,
  DialListener,
  IoEngine,
  Listener,
  ListenOptions,
  Socket,
} from "../../../src/net/io_engine.ts";
import type {
  TlsClient,
  TlsClientMaterial,
  TlsServer,
  TlsServerMaterial,
} from "../../../src/net/tls.ts";
import { openDescriptors } from "../tools/descriptors.ts";
import { until, withDeadline } from "../tools/poll.ts";
import { RecordingByteReceiver } from "../fakes/recording_byte_receiver.ts";

/** Makes the engine under test. */
export type CreateEngine = (clock: Clock) => IoEngine;

/** Registers a test that gets a scene of its own. */
export type SceneTest = (title: string, run: (scene: EngineScene) => Promise<void>) => void;

const encoder = new TextEncoder();

/** How long a dial of these tests may take, milliseconds. */
const DIAL_TIMEOUT_MS = 5000;

interface Closable {
  close(): void;
}

/** One end of a connection that an engine serves. */
export class SocketEnd {
  readonly receiver: RecordingByteReceiver = new RecordingByteReceiver();
  readonly log: SendLog;
  readonly socket: Socket;
  readonly #engine: IoEngine;

  constructor(engine: IoEngine, connection: Connection, pool: ChunkPool) {
    this.#engine = engine;
    this.log = new SendLog(pool);
    this.socket = connection.open(this.receiver, this.log);
  }

  /** Puts bytes into the log: they go out with the next flush. */
  append(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    this.log.append(bytes, 0, bytes.length);
  }

  /** Has bytes written at the end of the turn. */
  send(data: string | Uint8Array): void {
    this.append(data);
    this.#engine.flushQueue.add(this.socket);
  }

  /** Sends back whatever comes. */
  echo(): void {
    this.receiver.onBytes = (bytes) => this.send(bytes);
  }
}

/** A listener and what it accepted. */
export class Front implements Acceptor {
  lack: Failure | null = null;
  readonly endpoints: SocketEnd[] = [];
  /** Names of the failures of accepts. */
  readonly errors: string[] = [];
  readonly listener: Listener;
  /** Hears of handshakes that fail. */
  handshakeFailed: NonNullable<Acceptor["handshakeFailed"]> = () => {};
  /** What becomes of a connection. */
  onAccepted: (connection: Connection) => void;

  constructor(scene: EngineScene, options: ListenOptions) {
    this.onAccepted = (connection) => {
      const endpoint = scene.open(connection);
      endpoint.socket.resume();
      this.endpoints.push(endpoint);
    };
    this.listener = scene.engine.listen(options, this);
  }

  get port(): number {
    return this.listener.port;
  }

  accepted(connection: Connection): void {
    this.onAccepted(connection);
  }

  acceptFailed({ name }: Failure): void {
    this.errors.push(name);
  }

  /** The accepted endpoint number `index`. */
  async endpoint(index: number): Promise<SocketEnd> {
    await until(() => this.endpoints.length > index, { what: "an accept", intervalMs: 1 });
    return this.endpoints[index]!;
  }
}

/** Writes down how an attempt to connect ended. */
export class DialOutcome implements DialListener {
  /** `connected` or a failure's name. */
  readonly heard: string[] = [];
  onConnected: (connection: Connection) => void = (connection) => connection.discard();

  connected(connection: Connection): void {
    this.heard.push("connected");
    this.onConnected(connection);
  }

  dialFailed(failure: Failure): void {
    this.heard.push(failure.name);
  }
}

/** Where a test listens: on any free port of 127.0.0.1, of its own, unless it says otherwise. */
export interface ListenWish {
  hostname?: string;
  port?: number;
  sharesPort?: boolean;
  given?: readonly GivenSocket[];
  /** Null: the scene's. */
  tls?: TlsServer | null;
}

/** Where a test connects to: on 127.0.0.1, with time enough, unless it says otherwise. */
export interface DialWish {
  hostname?: string;
  port: number;
  timeoutMs?: number;
  /** Null: the scene's. */
  tls?: TlsClient | null;
}

/** The certificates of a scene whose connections speak TLS. */
export interface TlsOfScene {
  readonly server: TlsServerMaterial;
  readonly client: TlsClientMaterial;
  /** PEM of the CA of both. */
  readonly ca: string;
}

/** One engine and everything that a test opened with it. */
export class EngineScene implements AsyncDisposable {
  readonly clock: Clock = new Clock();
  readonly engine: IoEngine;
  readonly #before = openDescriptors().size;
  readonly #pool = new ChunkPool();
  readonly #endpoints: SocketEnd[] = [];
  readonly #fronts: Front[] = [];
  readonly #peers: Disposable[] = [];
  #fence: [SocketEnd, SocketEnd] | null = null;

  /** What all connections of this scene speak TLS by; null: they do not. */
  readonly tls: TlsOfScene | null;

  constructor(createEngine: CreateEngine, tls: TlsOfScene | null = null) {
    this.engine = createEngine(this.clock);
    this.tls = tls;
  }

  /** Makes a connection a socket, closed at the end; nothing is read before it is resumed. */
  open(connection: Connection): SocketEnd {
    const endpoint = new SocketEnd(this.engine, connection, this.#pool);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  listen(options: ListenWish = {}): Front {
    const { hostname = "127.0.0.1", port = 0, sharesPort = false, given = [] } = options;
    const tls = options.tls ?? this.#tlsServer();
    return this.listenBy({ endpoint: tcpEndpoint(hostname, port), sharesPort, given, tls });
  }

  /** Listens exactly so. */
  listenBy(options: ListenOptions): Front {
    const front = new Front(this, options);
    this.#fronts.push(front);
    return front;
  }

  #tlsServer(): TlsServer | null {
    if (this.tls === null) return null;
    const made = this.engine.tlsServer(this.tls.server);
    this.own(made);
    return made;
  }

  #tlsClient(): TlsClient | null {
    if (this.tls === null) return null;
    const made = this.engine.tlsClient(this.tls.client);
    this.own(made);
    return made;
  }

  /** Begins to connect. */
  dial(target: DialWish, outcome: DialListener): Dial {
    const { hostname = "127.0.0.1", port, timeoutMs = DIAL_TIMEOUT_MS } = target;
    const tls = target.tls ?? this.#tlsClient();
    return this.engine.dial({ endpoint: tcpEndpoint(hostname, port), timeoutMs, tls }, outcome);
  }

  /** Connects; nothing is read yet. */
  async connect(port: number, hostname = "127.0.0.1"): Promise<SocketEnd> {
    await this.engine.opening;
    const outcome = new DialOutcome();
    let endpoint: SocketEnd | null = null;
    outcome.onConnected = (connection) => endpoint = this.open(connection);
    this.dial({ hostname, port }, outcome);
    await until(() => outcome.heard.length > 0, { what: "an outcome", intervalMs: 1 });
    if (endpoint === null) throw new Error(`Could not connect: ${outcome.heard}`);
    return endpoint;
  }

  /** An accepted endpoint and the one that dialled it, both read. */
  async pair(front: Front = this.listen()): Promise<[SocketEnd, SocketEnd]> {
    const index = front.endpoints.length;
    const client = await this.connect(front.port);
    client.socket.resume();
    return [await front.endpoint(index), client];
  }

  /** An accepted endpoint and a connection of Deno's own at its other end. */
  async pairWithPeer(front: Front = this.listen()): Promise<[SocketEnd, Deno.TcpConn]> {
    const index = front.endpoints.length;
    const peer = await this.peer(front.port);
    return [await front.endpoint(index), peer];
  }

  /** A connection of Deno's own to `port`. */
  async peer(port: number): Promise<Deno.TcpConn> {
    await this.engine.opening;
    const target = { hostname: "127.0.0.1", port };
    const peer = this.tls === null
      ? await Deno.connect(target)
      : writingAll(await Deno.connectTls({ ...target, caCerts: [this.tls.ca] }));
    this.own(peer);
    return peer;
  }

  /** An accepted endpoint and what resets it from the other side, settling when that is done. */
  async pairWithReset(front: Front = this.listen()): Promise<[SocketEnd, () => Promise<void>]> {
    const index = front.endpoints.length;
    // Of all sockets that Deno has, only these can reset a connection.
    await this.engine.opening;
    const peer = connect({ host: "127.0.0.1", port: front.port });
    peer.on("error", () => {});
    const gone = new Promise<void>((resolve) => peer.once("close", () => resolve()));
    this.own({ close: () => peer.destroy() });
    const reset = () => {
      peer.resetAndDestroy();
      return gone;
    };
    await new Promise<void>((resolve) => peer.once("connect", () => resolve()));
    if (this.tls !== null) {
      const secured = connectTls({ socket: peer, ca: [this.tls.ca], servername: "localhost" });
      secured.on("error", () => {});
      await new Promise<void>((resolve) => secured.once("secureConnect", () => resolve()));
    }
    return [await front.endpoint(index), reset];
  }

  /** Has something closed at the end that is not the engine's. */
  own(peer: Closable): void {
    this.#peers.push({ [Symbol.dispose]: () => closeQuietly(peer) });
  }

  /** A round trip on another connection: whatever the kernel had before is served by then. */
  async fence(): Promise<void> {
    this.#fence ??= await this.pair();
    const [server, client] = this.#fence;
    for (const [from, to] of [[server, client], [client, server]] as const) {
      const wanted = to.receiver.receivedBytes + 1;
      from.send("x");
      await until(() => to.receiver.receivedBytes === wanted, { what: "a byte", intervalMs: 1 });
    }
  }

  /** Every breach of the rules that a receiver saw. */
  get breaches(): string[] {
    return this.#endpoints.flatMap(({ receiver }) => receiver.breaches);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#endpoints) socket.close(null);
    for (const peer of this.#peers) peer[Symbol.dispose]();
    for (const { listener } of this.#fronts) await listener.close();
    // Those whose handshakes were under way.
    for (const { socket } of this.#endpoints) socket.close(null);
    await this.engine.close();
    this.clock.stop();
    await descriptorsClosed(this.#before);
    if (this.breaches.length > 0) throw new Error(this.breaches.join("; "));
  }
}

/** Waits until no more descriptors are open than `before`, and for what was waiting for them. */
export async function descriptorsClosed(before: number): Promise<void> {
  await until(() => openDescriptors().size <= before, {
    what: `no more than ${before} open descriptors`,
    intervalMs: 1,
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Reads until `byteCount` bytes came or the stream ended, and returns them as text. */
export async function readText(peer: Deno.TcpConn, byteCount = Infinity): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(64 * 1024);
  let text = "";
  while (text.length < byteCount) {
    const received = await withDeadline(peer.read(bytes), "the next bytes, or the end");
    if (received === null) break;
    text += decoder.decode(bytes.subarray(0, received), { stream: true });
  }
  return text;
}

/** Has each write take all of its bytes, as those of TCP do here; what else the tests use both kinds have. */
function writingAll(peer: Deno.TlsConn): Deno.TcpConn {
  const writeOnce = peer.write.bind(peer);
  peer.write = async (bytes) => {
    for (let at = 0; at < bytes.length;) at += await writeOnce(bytes.subarray(at));
    return bytes.length;
  };
  return peer as unknown as Deno.TcpConn;
}

function closeQuietly(peer: Closable): void {
  try {
    peer.close();
  } catch {
    // The test has closed it.
  }
}
