/**
 * What is used of OpenSSL: where it is, its functions and constants. Versions 1.1.1 and 3; `libssl_test.ts` compares
 * the constants with what a C compiler says. What is of libcrypto is found through libssl, which depends on it, so
 * that one grant is enough.
 *
 * Nothing here calls back: Deno wants a grant of all of FFI for that.
 *
 * @module
 */

/** Where Linux systems keep the library, the newest first. Deno resolves a bare name in the working directory. */
export function libsslCandidates(architecture: string, environment?: string): string[] {
  // A library made for the other C library cannot be loaded.
  const folders = environment === "musl" ? ["/usr/lib", "/lib"] : [
    `/usr/lib/${architecture}-linux-gnu`,
    `/lib/${architecture}-linux-gnu`,
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
    "/usr/local/lib64",
    "/usr/local/lib",
  ];
  return ["libssl.so.3", "libssl.so.1.1", "libssl.so"].flatMap((name) =>
    folders.map((folder) => `${folder}/${name}`)
  );
}

/**
 * Functions by name; a manual page of section 3 has each. Numbers that are 64 bits wide go in and come back as 32,
 * as in `libc.ts`: none that is used is longer.
 */
const functions = {
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: { parameters: ["u32", "buffer", "u32"], result: "void" },
  ERR_get_error: { parameters: [], result: "u32" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  PEM_read_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_read_bio_X509: {
    parameters: ["pointer", "pointer", "pointer", "pointer"],
    result: "pointer",
  },
  SSL_CTX_add_client_CA: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "u32", "buffer"], result: "i32" },
  SSL_CTX_ctrl_object: {
    name: "SSL_CTX_ctrl",
    parameters: ["pointer", "i32", "u32", "pointer"],
    result: "i32",
  },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_get_cert_store: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_set_default_verify_paths: { parameters: ["pointer"], result: "i32" },
  SSL_CTX_set_options: { parameters: ["pointer", "u32"], result: "u32" },
  SSL_CTX_set_session_id_context: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_use_certificate: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_SESSION_free: { parameters: ["pointer"], result: "void" },
  SSL_SESSION_is_resumable: { parameters: ["pointer"], result: "i32" },
  SSL_ctrl: { parameters: ["pointer", "i32", "u32", "buffer"], result: "i32" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_get0_param: { parameters: ["pointer"], result: "pointer" },
  SSL_get1_session: { parameters: ["pointer"], result: "pointer" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  // One of the two is there: OpenSSL 3 has the other name.
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer", optional: true },
  SSL_get_peer_certificate: { parameters: ["pointer"], result: "pointer", optional: true },
  SSL_get_verify_result: { parameters: ["pointer"], result: "i32" },
  SSL_has_pending: { parameters: ["pointer"], result: "i32" },
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_set1_host: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  SSL_set_fd: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_set_hostflags: { parameters: ["pointer", "u32"], result: "void" },
  SSL_set_session: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_set_shutdown: { parameters: ["pointer", "i32"], result: "void" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  TLS_client_method: { parameters: [], result: "pointer" },
  TLS_server_method: { parameters: [], result: "pointer" },
  X509_NAME_get_index_by_NID: { parameters: ["pointer", "i32", "i32"], result: "i32" },
  X509_NAME_get_text_by_NID: { parameters: ["pointer", "i32", "buffer", "i32"], result: "i32" },
  X509_STORE_add_cert: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_VERIFY_PARAM_set1_ip_asc: { parameters: ["pointer", "buffer"], result: "i32" },
  X509_free: { parameters: ["pointer"], result: "void" },
  X509_get_subject_name: { parameters: ["pointer"], result: "pointer" },
} as const;

/** OpenSSL's functions. */
export type Libssl = Deno.DynamicLibrary<typeof functions>["symbols"];

/** What OpenSSL gives out and takes back; null only where it failed. */
export type Handle = Deno.PointerValue;

/**
 * Loads the library.
 *
 * @throws {Deno.errors.NotCapable} If FFI is not granted for `path`.
 * @throws {Error} If there is no such library, or it lacks a function.
 */
export function openLibssl(path: string): Libssl {
  return Deno.dlopen(path, functions).symbols;
}

/** Results of `SSL_get_error`: `openssl/ssl.h`, as all that follows. */
export const SSL_ERROR_SSL = 1;
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_WANT_WRITE = 3;
export const SSL_ERROR_SYSCALL = 5;
export const SSL_ERROR_ZERO_RETURN = 6;

/** Commands of `SSL_CTX_ctrl` and `SSL_ctrl`, which have macros for names in C. */
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_READ_AHEAD = 41;
export const SSL_CTRL_SET_SESS_CACHE_SIZE = 42;
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_SET_TLSEXT_TICKET_KEYS = 59;
/** With 1 the certificate is the caller's still. */
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;

/** A write says how much was taken, of whatever array has the bytes at the next try; idle connections keep no buffers. */
export const SSL_MODE_ENABLE_PARTIAL_WRITE = 0x1;
export const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
export const SSL_MODE_RELEASE_BUFFERS = 0x10;

/** Options. */
export const SSL_OP_IGNORE_UNEXPECTED_EOF = 1 << 7;
export const SSL_OP_NO_COMPRESSION = 1 << 17;
export const SSL_OP_CIPHER_SERVER_PREFERENCE = 1 << 22;
export const SSL_OP_NO_RENEGOTIATION = 1 << 30;

/** What is wanted of the other side's certificate. */
export const SSL_VERIFY_NONE = 0;
export const SSL_VERIFY_PEER = 1;
export const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;

/** As if both sides had said that they send no more: then a session may be resumed. */
export const SSL_SENT_AND_RECEIVED_SHUTDOWN = 3;

/** `*` stands for a whole label only: `openssl/x509v3.h`. */
export const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
/** `openssl/obj_mac.h`. */
export const NID_commonName = 13;

/** Versions: `openssl/tls1.h`. */
export const TLS1_2_VERSION = 0x0303;
export const TLS1_3_VERSION = 0x0304;

/** What is wrong with a certificate: `openssl/x509_vfy.h`. */
export const X509_V_OK = 0;
export const X509_V_ERR_CERT_NOT_YET_VALID = 9;
export const X509_V_ERR_CERT_HAS_EXPIRED = 10;
export const X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT = 18;
export const X509_V_ERR_HOSTNAME_MISMATCH = 62;
export const X509_V_ERR_IP_ADDRESS_MISMATCH = 64;
