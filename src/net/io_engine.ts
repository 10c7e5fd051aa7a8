/**
 * The seam between the ways of doing I/O and everything else: what an engine listens with, connects with and
 * turns connections into. Whoever uses it never knows which engine runs; only {@link createEngine} does.
 *
 * @module
 */
import type { SendLog } from "../bytes/send_log.ts";
import type { Endpoint, GivenSocket } from "../endpoint.ts";
import type { Failure } from "../failure.ts";
import type { ByteReceiver } from "./byte_receiver.ts";
import type { FlushQueue } from "./flush_queue.ts";
import type { TlsClient, TlsClientMaterial, TlsServer, TlsServerMaterial } from "./tls.ts";

/** A connected socket that reads for a receiver and writes from its send log. */
export interface Socket {
  /** Whether the flush queue has it; only the queue writes it. */
  isDirty: boolean;
  /** Whether the queue has it among those that can wait; only the queue writes it. */
  mayBeLate: boolean;
  /** When the write in flight began or last made progress, on the clock's scale; 0 when none is in flight. */
  readonly writingSinceMs: number;
  /** While true nothing of the log is written: a handshake is under way. */
  isGated: boolean;
  readonly isClosed: boolean;
  /** Bytes of memory that it takes beside its log and what its receiver has, as TLS does; few if left out. */
  readonly ownBytes?: number;
  /** This end and the other; null where it cannot be told any more. */
  readonly local: Endpoint | null;
  readonly peer: Endpoint | null;
  /** Reads on if the receiver has room. Called once at the start and after a null `reserve()`. */
  resume(): void;
  /** Writes what the log has, unless a write is in flight: then it follows by itself. */
  flush(): void;
  /** Writes a handshake ahead of the log, whose bytes wait until `isGated` is false again. */
  writeFirst(bytes: Uint8Array): void;
  /** Closes as soon as everything in the log is written. */
  closeWhenWritten(): void;
  /**
   * Closes now. The receiver hears of it before this returns, once; buffers in use by a pending read or write
   * stay untouched until that settles.
   */
  close(error: unknown): void;
}

/** A connection that was accepted or dialled and that nobody reads yet. */
export interface Connection {
  /** This end and the other; null where it cannot be told. */
  readonly local: Endpoint | null;
  readonly peer: Endpoint | null;
  /**
   * The common name of the certificate that the other side has shown and that was found good; null or left out where
   * there is none.
   */
  readonly certificateName?: string | null;
  /** Makes it a socket; nothing is read before {@link Socket.resume}. */
  open(receiver: ByteReceiver, log: SendLog): Socket;
  /** Closes it unused. */
  discard(): void;
}

/** Where to connect to. */
export interface DialTarget {
  /** A name is resolved anew each time, so a moved host is found. */
  endpoint: Endpoint;
  /** After so many milliseconds without success the attempt has failed; a handshake of TLS is part of it. */
  timeoutMs: number;
  /** Has the connection to a port speak TLS, by what the same engine made; null or left out: it does not. */
  tls?: TlsClient | null;
}

/** Hears how an attempt ended; exactly one call, once, behind the turn that began it, unless cancelled. */
export interface DialListener {
  connected(connection: Connection): void;
  dialFailed(failure: Failure): void;
}

/** One attempt to connect. */
export interface Dial {
  /** Gives up; the listener hears nothing any more. */
  cancel(): void;
}

/** Where and how to listen. */
export interface ListenOptions {
  endpoint: Endpoint;
  /** Lets several listeners have the port; the kernel spreads connections over them (Linux). */
  sharesPort: boolean;
  /** Sockets that listen there already: they are used in place of a new one. None if left out, or where it is empty. */
  given?: readonly GivenSocket[];
  /** Has clients speak TLS, at ports only, by what the same engine made; null or left out: they do not. */
  tls?: TlsServer | null;
  /** Who may connect to a unix socket, as the bits of a file's mode; its owner alone if left out. */
  mode?: number;
  /**
   * Whether a unix socket is not to be found at its path yet: somebody else puts it there. False if left out; of no
   * effect on one that was given.
   */
  isAside?: boolean;
}

/** Who may connect to a unix socket unless somebody says otherwise: the user that the proxy runs as. */
export const UNIX_MODE_DEFAULT = 0o600;

/** Connections the kernel queues while none is accepted. */
export const BACKLOG_CONNECTIONS = 4096;
/** Wait after an accept that failed for lack of descriptors or memory, milliseconds: no spinning. */
export const ACCEPT_RETRY_MS = 100;
/** Most connections accepted in one turn: those that are served already have theirs in between. */
export const ACCEPTS_PER_TURN_MAX = 64;

/** Takes what a listener accepts. */
export interface Acceptor {
  /** What is lacking for one more, or null. Asked before each; while something is, those who come wait. */
  readonly lack: Failure | null;
  accepted(connection: Connection): void;
  /**
   * A connection was lost before it was accepted (`client_reset`): the next one is accepted at once. Or the proxy
   * lacks what a connection needs, or has no room (`source` is `proxy`): nothing is accepted for
   * {@link ACCEPT_RETRY_MS}.
   */
  acceptFailed(failure: Failure): void;
  /**
   * A client's handshake of TLS failed; it is closed behind this.
   *
   * @param detail What the library says, for the log.
   */
  handshakeFailed?(failure: Failure, peer: Endpoint | null, detail: string): void;
}

/** An open listener. */
export interface Listener {
  /** The bound port: differs from the wanted one when that was 0. 0 for a unix socket. */
  readonly port: number;
  /**
   * Accepts those who already wait, then stops: the acceptor may still be called until the promise settles. It settles
   * when the address is free again, and handshakes of TLS that were under way are over. The file of a unix socket is
   * removed, unless it leads to another socket by now, or the socket was given.
   *
   * @param leavesWaiting Whether who waits is not accepted: another process listens by the same sockets, or nobody would
   * serve them here.
   */
  close(leavesWaiting?: boolean): Promise<void>;
  /**
   * Descriptors of its sockets for another process; the caller closes them. None where the engine has none, and none of
   * sockets that are held elsewhere.
   */
  share(): number[];
}

/** One way of doing I/O; one object per worker. */
export interface IoEngine {
  /** Where sockets with new bytes wait for the end of the turn. */
  readonly flushQueue: FlushQueue;
  /** Least room worth offering to a read, bytes: an engine that keeps it while it waits wants little. */
  readonly readBytesMin: number;
  /**
   * How much longer than its client a write may take at present, milliseconds: what a busy runtime, and not the
   * other side, makes of the wait.
   */
  writeDelayMs(nowMs: number): number;
  /**
   * Settles when all listeners accept, and rejects where one cannot after all; null or left out: all do, as soon as
   * {@link IoEngine.listen} has returned.
   */
  readonly opening?: Promise<unknown> | null;
  /**
   * Binds and begins to accept.
   *
   * @throws {Error} If the address cannot be bound.
   */
  listen(options: ListenOptions, acceptor: Acceptor): Listener;
  /** Begins to connect. */
  dial(target: DialTarget, listener: DialListener): Dial;
  /**
   * Takes certificates over that clients are shown.
   *
   * @throws {Error} If they cannot be used, or TLS cannot be had.
   */
  tlsServer(material: TlsServerMaterial): TlsServer;
  /** The same for connections to backends. */
  tlsClient(material: TlsClientMaterial): TlsClient;
  /**
   * Ends the engine, and whatever nobody has closed. Nothing of it may be used afterwards. Settles when it has no
   * descriptor any more, which takes a moment where another thread still waits for it.
   */
  close(): Promise<void>;
}
