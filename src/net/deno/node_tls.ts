/**
 * TLS as Deno has it for Node's programs: of Deno's own, `Deno.listenTls` knows neither client certificates nor names
 * (SNI), and `Deno.connectTls` does not say what is wrong with a certificate.
 *
 * It is loaded when it is first used: it takes ten megabytes and tens of milliseconds of each worker.
 *
 * @module
 */
import process from "node:process";
import type { Socket as NodeSocket } from "node:net";
import type {
  SecureContext,
  SecureContextOptions,
  Server as NodeTlsServer,
  TLSSocket as NodeTlsSocket,
} from "node:tls";
import {
  HANDSHAKE_TIMEOUT_MS,
  pairForName,
  type TlsClient,
  type TlsClientMaterial,
  type TlsKeyPair,
  type TlsServer,
  type TlsServerMaterial,
} from "../tls.ts";
import type { CertificateFault } from "../tls_failures.ts";

export type { NodeSocket, NodeTlsServer, NodeTlsSocket };

/** The module itself. */
export function nodeTls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}

/** Certificates of clients whose sessions may be resumed; with more the one that was verified first is forgotten. */
export const VERIFIED_MAX = 4_096;

/** A {@link TlsServer} by Node's module of TLS. */
export class DenoTlsServer implements TlsServer {
  /** Raised by each other CA of clients; only this object writes it. */
  caGeneration = 0;
  #material: TlsServerMaterial;
  /** Fingerprints of certificates that the CA in force has verified, in their order. */
  readonly #verified: Set<string> = new Set();
  /** For clients that ask for a name which has no pair of its own. */
  #common: SecureContext | null = null;
  #named: ReadonlyMap<string, SecureContext> = new Map();
  readonly #servers: Set<NodeTlsServer> = new Set();

  constructor(material: TlsServerMaterial) {
    this.#material = material;
    this.replace(material);
  }

  /** A server that does not listen yet; it follows what is replaced here until it closes. */
  createServer(): NodeTlsServer {
    const server = nodeTls().createServer({
      ...this.#options(this.#material.pair),
      // The listener has its own, before.
      handshakeTimeout: 2 * HANDSHAKE_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      SNICallback: this.#chooseByName,
    });
    askForCertificates(server, this.#material.clientCa !== null);
    this.#servers.add(server);
    server.once("close", () => this.#servers.delete(server));
    return server;
  }

  /**
   * Whether a client whose handshake is done has shown the certificate that is wanted. Deno's tickets are good at all
   * servers of a thread and whatever CA they ask for, and a session that is resumed is not verified anew: so it counts
   * only where its certificate was verified before, here and by the CA in force.
   *
   * @param caGeneration {@link DenoTlsServer.caGeneration} when the handshake began.
   */
  isVerified(socket: NodeTlsSocket, caGeneration: number): boolean {
    if (this.#material.clientCa === null) return true;
    const { fingerprint256 } = socket.getPeerCertificate() as { fingerprint256?: string };
    if (!socket.authorized || fingerprint256 === undefined) return false;
    if (socket.isSessionReused()) return this.#verified.has(fingerprint256);
    if (caGeneration !== this.caGeneration) return true;
    this.#verified.add(fingerprint256);
    if (this.#verified.size > VERIFIED_MAX) {
      const [first] = this.#verified;
      this.#verified.delete(first!);
    }
    return true;
  }

  replace(material: TlsServerMaterial): void {
    const { createSecureContext } = nodeTls();
    if (material.clientCa !== this.#material.clientCa) {
      this.caGeneration += 1;
      this.#verified.clear();
    }
    this.#material = material;
    this.#named = new Map(
      material.named.map(({ name, pair }) => [name, createSecureContext(this.#options(pair))]),
    );
    this.#common = createSecureContext(this.#options(material.pair));
    for (const server of this.#servers) {
      server.setSecureContext(this.#options(material.pair));
      askForCertificates(server, material.clientCa !== null);
    }
  }

  close(): void {
    this.#servers.clear();
  }

  readonly #chooseByName = (
    name: string,
    chosen: (error: Error | null, context?: SecureContext) => void,
  ) => {
    chosen(null, pairForName(this.#named, name) ?? this.#common!);
  };

  #options({ cert, key }: TlsKeyPair): SecureContextOptions {
    const { clientCa, minVersion } = this.#material;
    return {
      cert,
      key,
      minVersion: minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
      ...clientCa === null ? {} : { ca: [clientCa] },
    };
  }
}

/** Node's servers look at these for each connection. */
function askForCertificates(server: NodeTlsServer, areWanted: boolean): void {
  Object.assign(server, { requestCert: areWanted, rejectUnauthorized: areWanted });
}

/** A {@link TlsClient} by Node's module of TLS. */
export class DenoTlsClient implements TlsClient {
  #material: TlsClientMaterial;

  constructor(material: TlsClientMaterial) {
    this.#material = material;
  }

  replace(material: TlsClientMaterial): void {
    this.#material = material;
  }

  close(): void {}

  /**
   * Begins to connect.
   *
   * @param expected The host that the certificate has to be for, if no other name is asked for.
   */
  connect(target: { host: string; port: number }, expected: string): NodeTlsSocket {
    const tls = nodeTls();
    const { ca, isInsecure, pair, serverName } = this.#material;
    const name = serverName ?? expected;
    const isAddress = /^[0-9.]+$|:/.test(name);
    return tls.connect({
      ...target,
      minVersion: "TLSv1.2",
      rejectUnauthorized: !isInsecure,
      // An address is not told to the server.
      servername: isAddress ? "" : name,
      checkServerIdentity: (_host, certificate) =>
        isInsecure ? undefined : tls.checkServerIdentity(name, certificate),
      ...ca === null ? {} : { ca: [ca] },
      ...pair === null ? {} : { cert: pair.cert, key: pair.key },
    });
  }
}

const certificateFaults: ReadonlyMap<string, CertificateFault> = new Map([
  ["CERT_HAS_EXPIRED", "expired"],
  ["CERT_NOT_YET_VALID", "expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self_signed"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "other"],
  ["UNABLE_TO_GET_ISSUER_CERT", "other"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "other"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "other"],
  ["CERT_SIGNATURE_FAILURE", "other"],
  ["CERT_UNTRUSTED", "other"],
  ["CERT_REVOKED", "other"],
  ["INVALID_PURPOSE", "other"],
]);

/** What an error says of the other side's certificate; null where it is about something else. */
export function certificateFaultOf(code: string | undefined): CertificateFault | null {
  return certificateFaults.get(code ?? "") ?? null;
}
