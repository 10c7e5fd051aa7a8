/**
 * TLS as the engines are told of it: certificates and what is asked of the other side, and what stands for them once
 * an engine has taken them over. Which library speaks it is the engine's.
 *
 * @module
 */
import type { Endpoint, TcpEndpoint } from "../endpoint.ts";
import type { Failure } from "../failure.ts";

/** A certificate, with those that lead to its CA, and its private key: PEM both. */
export interface TlsKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The least version of TLS that is spoken. */
export type TlsVersion = "1.2" | "1.3";

/** What a listener shows to clients and wants of them. Plain data, so that it can be posted to a worker. */
export interface TlsServerMaterial {
  readonly pair: TlsKeyPair;
  /** Further pairs for clients that ask for a name (SNI): lower case, or `*.` and all names one label below it. */
  readonly named: readonly { readonly name: string; readonly pair: TlsKeyPair }[];
  /** CA certificates, PEM: a client has to show a certificate of one of them. Null: none is asked for. */
  readonly clientCa: string | null;
  readonly minVersion: TlsVersion;
  /** What sessions are resumed by, {@link TICKET_KEY_BYTES} bytes, the same in all workers. */
  readonly ticketKey: Uint8Array<ArrayBuffer>;
}

/** What is shown to servers and wanted of them. Plain data, so that it can be posted to a worker. */
export interface TlsClientMaterial {
  /** CA certificates, PEM; null: those that the system trusts. */
  readonly ca: string | null;
  /** The name that the server's certificate has to be for; null: that of the address that is connected to. */
  readonly serverName: string | null;
  /** Shown where the server asks for it; null: none. */
  readonly pair: TlsKeyPair | null;
  /** Whether any certificate is taken. */
  readonly isInsecure: boolean;
}

/** Bytes of {@link TlsServerMaterial.ticketKey}. */
export const TICKET_KEY_BYTES = 80;

/** What an engine made of a {@link TlsServerMaterial}. */
export interface TlsServer {
  /**
   * Handshakes that begin from now on go by this; connections that are there stay as they are.
   *
   * @throws {Error} If it cannot be used; the former stays.
   */
  replace(material: TlsServerMaterial): void;
  /** Nothing begins any more. */
  close(): void;
}

/** What an engine made of a {@link TlsClientMaterial}. */
export interface TlsClient {
  /** As for {@link TlsServer}. */
  replace(material: TlsClientMaterial): void;
  close(): void;
}

/**
 * Handshakes with clients under way at once in one worker, for each listener. With one more one is given up that has had
 * the time in which all the others came.
 */
export const HANDSHAKES_MAX = 1024;
/** The longest that a handshake with a client may take, milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Why a connection that speaks TLS is lost, where that is known better than "lost". */
export class TlsError extends Error {
  override name = "TlsError";
  readonly failure: Failure;

  /** @param detail What the library says; never what the other side has sent. */
  constructor(failure: Failure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

/** The pair for the name that a client asks for; null for the one of all others. */
export function pairForName<Pair>(
  named: ReadonlyMap<string, Pair>,
  name: string | null,
): Pair | null {
  if (named.size === 0 || name === null) return null;
  const asked = name.toLowerCase().replace(/\.$/, "");
  const dot = asked.indexOf(".");
  return named.get(asked) ?? (dot > 0 ? named.get(`*${asked.slice(dot)}`) : undefined) ?? null;
}

/**
 * The port at which clients speak TLS.
 *
 * @throws {Error} For a unix socket: what it carries does not leave the machine, and TLS is not spoken there.
 */
export function portEndpoint(endpoint: Endpoint): TcpEndpoint {
  if (endpoint.kind === "tcp") return endpoint;
  throw new Error("TLS is spoken at ports only, not at unix sockets");
}
