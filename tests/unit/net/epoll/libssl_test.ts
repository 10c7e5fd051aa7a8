/**
 * Constants and prototypes against what the headers of this machine say, where it has them.
 *
 * @module
 */
import * as libssl from "../../../../src/net/epoll/libssl.ts";
import { askCompiler, compile, findCompiler } from "../../../support/tools/c_compiler.ts";
import { libsslPath } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../../deps.ts";

const HEADERS = ["stdio.h", "openssl/ssl.h", "openssl/err.h", "openssl/x509v3.h"];
const compiler = hasHeaders() ? findCompiler() : null;

/** Names here whose C has no one name for. */
const OWN = new Map([[
  "SSL_SENT_AND_RECEIVED_SHUTDOWN",
  "SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN",
]]);

Deno.test({
  name: "every constant is what the headers of this machine say",
  // Without them there is nobody to ask.
  ignore: compiler === null,
  async fn() {
    const constants = new Map<string, number>();
    for (const [name, value] of Object.entries(libssl)) {
      if (typeof value === "number") constants.set(OWN.get(name) ?? name, value);
    }
    assert(constants.size > 25, `${constants.size} constants`);
    const said = await askCompiler(compiler!, HEADERS, [...constants.keys()]);
    assertEquals(Object.fromEntries(said), Object.fromEntries(constants));
  },
});

Deno.test({
  name: "what is called most has the parameters that the headers of this machine say",
  // As above.
  ignore: compiler === null,
  async fn() {
    const prototypes = [
      ["BIO_new_mem_buf", "BIO *(*)(const void *, int)"],
      ["ERR_error_string_n", "void (*)(unsigned long, char *, size_t)"],
      ["SSL_CTX_ctrl", "long (*)(SSL_CTX *, int, long, void *)"],
      ["SSL_CTX_set_verify", "void (*)(SSL_CTX *, int, SSL_verify_cb)"],
      ["SSL_do_handshake", "int (*)(SSL *)"],
      ["SSL_get_error", "int (*)(const SSL *, int)"],
      ["SSL_get_verify_result", "long (*)(const SSL *)"],
      ["SSL_has_pending", "int (*)(const SSL *)"],
      ["SSL_read", "int (*)(SSL *, void *, int)"],
      ["SSL_set_fd", "int (*)(SSL *, int)"],
      ["SSL_set_session", "int (*)(SSL *, SSL_SESSION *)"],
      ["SSL_write", "int (*)(SSL *, const void *, int)"],
      ["X509_NAME_get_text_by_NID", "int (*)(X509_NAME *, int, char *, int)"],
    ] as const;
    const checks = prototypes.map(([name, type]) => `__typeof__(${type}) check_${name} = ${name};`);
    const quiet = '#pragma GCC diagnostic ignored "-Wdeprecated-declarations"';
    const compatible = '#pragma GCC diagnostic ignored "-Wincompatible-pointer-types"';
    await compile(compiler!, HEADERS, [
      quiet,
      compatible,
      ...checks,
      "int main(void) { return 0; }",
    ]);
  },
});

sanitizedTest("the library is looked for by whole paths, version 3 first", () => {
  for (const environment of ["gnu", "musl", undefined]) {
    const candidates = libssl.libsslCandidates("x86_64", environment);
    assertMatch(candidates[0]!, /^\/usr\/lib\/.*libssl\.so\.3$/);
    for (const candidate of candidates) {
      assertMatch(candidate, /^\/(usr\/)?(local\/)?lib(64)?\/.*libssl\.so(\.3|\.1\.1)?$/);
    }
    assertEquals(new Set(candidates).size, candidates.length);
    assertEquals(candidates.some((path) => path.includes("-gnu")), environment !== "musl");
  }
});

sanitizedTest("what is no OpenSSL cannot be opened, and what is one can", () => {
  assertThrows(() => libssl.openLibssl("/no/such/libssl.so.3"), Error);
  const lib = libssl.openLibssl(libsslPath);
  assert(lib.TLS_client_method() !== null, "a method");
});

Deno.test({
  name: "without permission Deno refuses to open it",
  permissions: { ffi: false },
  fn() {
    assertThrows(() => libssl.openLibssl("/usr/lib/libssl.so.3"), Deno.errors.NotCapable);
  },
});

function hasHeaders(): boolean {
  try {
    return Deno.statSync("/usr/include/openssl/ssl.h").isFile;
  } catch {
    return false;
  }
}
