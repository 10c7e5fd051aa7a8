/**
 * OpenSSL's calls as functions of numbers and texts: contexts made of PEM, and what went wrong as a sentence.
 *
 * @module
 */
import type { CertificateFault } from "../tls_failures.ts";
import {
  type TlsClientMaterial,
  type TlsKeyPair,
  type TlsServerMaterial,
  type TlsVersion,
} from "../tls.ts";
import {
  type Handle,
  type Libssl,
  NID_commonName,
  SSL_CTRL_CHAIN_CERT,
  SSL_CTRL_MODE,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  SSL_CTRL_SET_READ_AHEAD,
  SSL_CTRL_SET_SESS_CACHE_SIZE,
  SSL_CTRL_SET_TLSEXT_HOSTNAME,
  SSL_CTRL_SET_TLSEXT_TICKET_KEYS,
  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
  SSL_MODE_ENABLE_PARTIAL_WRITE,
  SSL_MODE_RELEASE_BUFFERS,
  SSL_OP_CIPHER_SERVER_PREFERENCE,
  SSL_OP_IGNORE_UNEXPECTED_EOF,
  SSL_OP_NO_COMPRESSION,
  SSL_OP_NO_RENEGOTIATION,
  SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
  SSL_VERIFY_NONE,
  SSL_VERIFY_PEER,
  TLS1_2_VERSION,
  TLS1_3_VERSION,
  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
  X509_V_ERR_CERT_HAS_EXPIRED,
  X509_V_ERR_CERT_NOT_YET_VALID,
  X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
  X509_V_ERR_HOSTNAME_MISMATCH,
  X509_V_ERR_IP_ADDRESS_MISMATCH,
} from "./libssl.ts";

/** Longest text of an error, bytes. */
const ERROR_TEXT_BYTES = 256;
/** Longest name of a client's certificate, bytes: as long as a certificate may have it. */
const COMMON_NAME_BYTES_MAX = 64;
/**
 * Sessions that are kept for clients which know no tickets, of TLS 1.2, for each certificate that is shown. One with a
 * client's certificate takes some 4 KB, and a session stays behind its connection: OpenSSL's own limit is 20,480 of them.
 */
export const CLIENT_SESSIONS_MAX = 1_024;
const IP_ADDRESS = /^[0-9.]+$|:/;

const encoder = new TextEncoder();

/** OpenSSL in one thread: it has a list of errors for each. */
export class Openssl {
  /** The library itself, for what is called often. */
  readonly lib: Libssl;
  readonly #text: Uint8Array<ArrayBuffer> = new Uint8Array(ERROR_TEXT_BYTES);

  constructor(lib: Libssl) {
    this.lib = lib;
  }

  /** The first of the errors that wait, which is the one behind the others, or ""; none waits any more. */
  takeReason(): string {
    const code = this.lib.ERR_get_error();
    if (code === 0) return "";
    this.lib.ERR_error_string_n(code, this.#text, this.#text.length);
    this.lib.ERR_clear_error();
    const text = new TextDecoder().decode(this.#text.subarray(0, this.#text.indexOf(0)));
    return text.slice(text.lastIndexOf(":") + 1);
  }

  /**
   * A context for connections of clients.
   *
   * @param pair The certificate to show, of those that `material` has.
   * @throws {Error} If something of it cannot be used.
   */
  serverContext(material: TlsServerMaterial, pair: TlsKeyPair): Handle {
    const { lib } = this;
    const context = this.#context(lib.TLS_server_method(), material.minVersion);
    return this.#filled(context, () => {
      this.#usePair(context, pair);
      const sessionId = encoder.encode("aster");
      lib.SSL_CTX_set_session_id_context(context, sessionId, sessionId.length);
      lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_SIZE, CLIENT_SESSIONS_MAX, null);
      const { ticketKey } = material;
      // It says 0 where the key has not the wanted length: then each worker has keys of its own.
      lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_TICKET_KEYS, ticketKey.length, ticketKey);
      if (material.clientCa === null) return;
      const verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
      lib.SSL_CTX_set_verify(context, verify, null);
      this.#trust(context, material.clientCa, "client_ca", (certificate) => {
        lib.SSL_CTX_add_client_CA(context, certificate);
      });
    });
  }

  /**
   * A context for connections to servers.
   *
   * @throws {Error} If something of it cannot be used.
   */
  clientContext(material: TlsClientMaterial): Handle {
    const { lib } = this;
    const context = this.#context(lib.TLS_client_method(), "1.2");
    return this.#filled(context, () => {
      if (material.pair !== null) this.#usePair(context, material.pair);
      lib.SSL_CTX_set_verify(
        context,
        material.isInsecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
        null,
      );
      if (material.ca !== null) this.#trust(context, material.ca, "ca", () => {});
      else if (!material.isInsecure) lib.SSL_CTX_set_default_verify_paths(context);
    });
  }

  /** Tells whom a new connection to a server expects there; an address is not told to the server. */
  expectName(ssl: Handle, name: string, isVerified: boolean): void {
    const { lib } = this;
    const bytes = zeroTerminated(name);
    const isAddress = IP_ADDRESS.test(name);
    if (!isAddress) lib.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, bytes);
    if (!isVerified) return;
    // What a resolver takes for an address and OpenSSL does not, such as `127.1`, is a name that no certificate has.
    // Without either nobody would be expected, and any certificate of the CA would do.
    const isExpected = isAddress &&
      lib.X509_VERIFY_PARAM_set1_ip_asc(lib.SSL_get0_param(ssl), bytes) === 1;
    if (isExpected) return;
    lib.SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    lib.SSL_set1_host(ssl, bytes);
  }

  /** The one common name of the other side's certificate; null where there is none, or not one that can be told apart. */
  commonName(ssl: Handle): string | null {
    const { lib } = this;
    const certificate = (lib.SSL_get1_peer_certificate ?? lib.SSL_get_peer_certificate)!(ssl);
    if (certificate === null) return null;
    try {
      const subject = lib.X509_get_subject_name(certificate);
      const first = lib.X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
      if (first < 0) return null;
      if (lib.X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return null;
      const text = new Uint8Array(COMMON_NAME_BYTES_MAX * 4);
      const length = lib.X509_NAME_get_text_by_NID(subject, NID_commonName, text, text.length);
      const name = text.subarray(0, Math.max(0, length));
      if (length <= 0 || length >= text.length - 1 || name.includes(0)) return null;
      return new TextDecoder("utf-8", { fatal: true }).decode(name);
    } catch {
      return null;
    } finally {
      lib.X509_free(certificate);
    }
  }

  #context(method: Handle, minVersion: TlsVersion): Handle {
    const { lib } = this;
    const context = lib.SSL_CTX_new(method);
    if (context === null) throw new Error(`OpenSSL makes no context: ${this.takeReason()}`);
    const modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
      SSL_MODE_RELEASE_BUFFERS;
    const options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
      SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF;
    const version = minVersion === "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION;
    lib.SSL_CTX_ctrl(context, SSL_CTRL_MODE, modes, null);
    lib.SSL_CTX_set_options(context, options);
    lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, version, null);
    // A record's header and the record in one system call, and further records along.
    lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, null);
    return context;
  }

  #filled(context: Handle, fill: () => void): Handle {
    try {
      fill();
      return context;
    } catch (error) {
      this.lib.SSL_CTX_free(context);
      throw error;
    } finally {
      // Nothing that was said here may be taken for the reason of a later failure.
      this.lib.ERR_clear_error();
    }
  }

  #usePair(context: Handle, { cert, key }: TlsKeyPair): void {
    const { lib } = this;
    const [certificate, ...chain] = this.#certificates(cert, "cert");
    const privateKey = this.#privateKey(key);
    try {
      if (lib.SSL_CTX_use_certificate(context, certificate!) !== 1) {
        throw new Error(`cert cannot be used: ${this.takeReason()}`);
      }
      for (const one of chain) lib.SSL_CTX_ctrl_object(context, SSL_CTRL_CHAIN_CERT, 1, one);
      if (lib.SSL_CTX_use_PrivateKey(context, privateKey) !== 1) {
        throw new Error(`cert and key do not fit: ${this.takeReason()}`);
      }
    } finally {
      for (const one of [certificate!, ...chain]) lib.X509_free(one);
      lib.EVP_PKEY_free(privateKey);
    }
  }

  #trust(context: Handle, pem: string, what: string, also: (certificate: Handle) => void): void {
    const { lib } = this;
    const store = lib.SSL_CTX_get_cert_store(context);
    for (const certificate of this.#certificates(pem, what)) {
      lib.X509_STORE_add_cert(store, certificate);
      also(certificate);
      lib.X509_free(certificate);
    }
  }

  /** All certificates of a text, at least one. */
  #certificates(pem: string, what: string): Handle[] {
    const certificates: Handle[] = [];
    this.#read(pem, (bio) => {
      for (;;) {
        const certificate = this.lib.PEM_read_bio_X509(bio, null, null, null);
        if (certificate === null) break;
        certificates.push(certificate);
      }
    });
    // That there is no further one is no failure.
    this.lib.ERR_clear_error();
    if (certificates.length === 0) throw new Error(`${what} has no certificate`);
    return certificates;
  }

  #privateKey(pem: string): Handle {
    // Without a password OpenSSL would ask the terminal for one.
    const none = zeroTerminated("");
    const key = this.#read(
      pem,
      (bio) => this.lib.PEM_read_bio_PrivateKey(bio, null, null, none),
    );
    if (key === null) throw new Error(`key cannot be read: ${this.takeReason()}`);
    return key;
  }

  #read<Result>(pem: string, read: (bio: Handle) => Result): Result {
    // The object reads from these bytes: they have to stay until it is gone.
    const bytes = encoder.encode(pem) as Uint8Array<ArrayBuffer>;
    const bio = this.lib.BIO_new_mem_buf(bytes, bytes.length);
    try {
      return read(bio);
    } finally {
      this.lib.BIO_free(bio);
      bytes.fill(0);
    }
  }
}

/** What is wrong with the other side's certificate, by the result of its verification. */
export function certificateFault(verifyResult: number): CertificateFault {
  switch (verifyResult) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "expired";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "self_signed";
    default:
      return "other";
  }
}

function zeroTerminated(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`) as Uint8Array<ArrayBuffer>;
}
