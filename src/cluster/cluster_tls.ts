/**
 * TLS of one cluster in one worker: what the engine made of its certificates, and of those that take their place.
 *
 * @module
 */
import type { BackendCertificates, ClusterConfig, PemFile, TlsPair } from "../config/config.ts";
import { sha256 } from "../hash/mod.ts";
import type { IoEngine } from "../net/io_engine.ts";
import {
  TICKET_KEY_BYTES,
  type TlsClient,
  type TlsClientMaterial,
  type TlsKeyPair,
  type TlsServer,
  type TlsServerMaterial,
} from "../net/tls.ts";

type TlsSettings = Pick<
  ClusterConfig,
  "name" | "tls" | "certificates" | "backendTls" | "backendCertificates"
>;

const encoder = new TextEncoder();

/** The certificates of one cluster. */
export class ClusterTls {
  /** What clients are shown; null: they do not speak TLS. */
  readonly server: TlsServer | null;
  /** What backends are shown; null: they do not speak TLS. */
  readonly client: TlsClient | null;
  readonly #seed: Uint8Array;
  #shown: string;

  /**
   * @param seed What keys of tickets are made of, the same in all workers.
   * @throws {Error} If the engine cannot use them.
   */
  constructor(engine: IoEngine, config: TlsSettings, seed: Uint8Array) {
    this.#seed = seed;
    this.#shown = textOf(config);
    const server = serverMaterial(config, seed);
    const client = clientMaterial(config);
    this.server = server === null ? null : engine.tlsServer(server);
    try {
      this.client = client === null ? null : engine.tlsClient(client);
    } catch (error) {
      this.server?.close();
      throw error;
    }
  }

  /**
   * Handshakes go by other certificates from now on; connections stay.
   *
   * @returns Whether they are others.
   * @throws {Error} If the engine cannot use them; the former stay.
   */
  replace(config: TlsSettings): boolean {
    const shown = textOf(config);
    if (shown === this.#shown) return false;
    const server = serverMaterial(config, this.#seed);
    if (server !== null) this.server?.replace(server);
    const client = clientMaterial(config);
    if (client !== null) this.client?.replace(client);
    this.#shown = shown;
    return true;
  }

  /** Nothing begins any more. */
  close(): void {
    this.server?.close();
    this.client?.close();
  }
}

/** Tells apart what is shown. */
function textOf({ certificates, backendCertificates }: TlsSettings): string {
  return JSON.stringify([certificates, backendCertificates]);
}

/** What the engine is told of a cluster whose clients speak TLS. */
export function serverMaterial(
  { name, certificates }: TlsSettings,
  seed: Uint8Array,
): TlsServerMaterial | null {
  if (certificates === null) return null;
  const { pair, named, clientCa, minVersion } = certificates;
  return {
    pair: pairOf(pair),
    named: named.map((one) => ({ name: one.name, pair: pairOf(one.pair) })),
    clientCa: pemOf(clientCa),
    minVersion,
    ticketKey: ticketKey(seed, JSON.stringify([name, certificates])),
  };
}

function clientMaterial(
  { backendTls, backendCertificates }: TlsSettings,
): TlsClientMaterial | null {
  if (backendTls === null) return null;
  const { ca, pair }: BackendCertificates = backendCertificates ?? { ca: null, pair: null };
  const { serverName, isInsecure } = backendTls;
  return { ca: pemOf(ca), serverName, pair: pair === null ? null : pairOf(pair), isInsecure };
}

/**
 * Under other certificates, or in another cluster, tickets are of no use: who was let in by them is asked again.
 *
 * @param of All that they are given out under.
 */
function ticketKey(seed: Uint8Array, of: string): Uint8Array<ArrayBuffer> {
  const under = sha256(encoder.encode(of));
  const key = new Uint8Array(TICKET_KEY_BYTES);
  for (let at = 0; at < key.length; at += under.length) {
    const part = sha256(new Uint8Array([...seed, at, ...under]));
    key.set(part.subarray(0, key.length - at), at);
  }
  return key;
}

function pairOf({ cert, key }: TlsPair): TlsKeyPair {
  return { cert: cert.pem, key: key.pem };
}

function pemOf(file: PemFile | null): string | null {
  return file?.pem ?? null;
}
