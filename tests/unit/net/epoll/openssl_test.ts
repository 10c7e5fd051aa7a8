import { openLibssl } from "../../../../src/net/epoll/libssl.ts";
import {
  certificateFault,
  CLIENT_SESSIONS_MAX,
  Openssl,
} from "../../../../src/net/epoll/openssl.ts";
import { TICKET_KEY_BYTES, type TlsServerMaterial } from "../../../../src/net/tls.ts";
import { TestCa } from "../../../support/servers/certificates.ts";
import { libsslPath } from "../../../support/tools/libc_path.ts";
import { assert, assertEquals, assertThrows } from "../../../deps.ts";

const openssl = new Openssl(openLibssl(libsslPath));

function materialOf(pair: { cert: string; key: string }): TlsServerMaterial {
  return {
    pair,
    named: [],
    clientCa: null,
    minVersion: "1.2",
    ticketKey: new Uint8Array(TICKET_KEY_BYTES),
  };
}

Deno.test("a context is made of a certificate, the chain behind it and its key", () => {
  using ca = new TestCa();
  for (const key of ["ec", "rsa"] as const) {
    const { cert, key: keyText } = ca.issue({ key });
    const pair = { cert: `${cert}\n${ca.cert}`, key: keyText };
    const context = openssl.serverContext({ ...materialOf(pair), clientCa: ca.cert }, pair);
    assert(context !== null, "a context");
    openssl.lib.SSL_CTX_free(context);
  }
  const client = openssl.clientContext({
    ...{ ca: ca.cert, serverName: null, isInsecure: false, pair: ca.issue() },
  });
  openssl.lib.SSL_CTX_free(client);
  assertEquals(openssl.takeReason(), "");
});

Deno.test("the sessions of clients without tickets are bounded", () => {
  using ca = new TestCa();
  const pair = ca.issue();
  const context = openssl.serverContext(materialOf(pair), pair);
  const getCacheSize = 43;
  assertEquals(openssl.lib.SSL_CTX_ctrl(context, getCacheSize, 0, null), CLIENT_SESSIONS_MAX);
  openssl.lib.SSL_CTX_free(context);
});

Deno.test("what cannot be used is said with its reason, and nothing is left for later", () => {
  using ca = new TestCa();
  const [one, other] = [ca.issue(), ca.issue()];
  for (
    const [pair, message] of [
      [{ cert: one.cert, key: other.key }, "cert and key do not fit: key values mismatch"],
      [{ cert: "", key: one.key }, "cert has no certificate"],
      [{ cert: one.cert, key: "nothing" }, "key cannot be read"],
    ] as const
  ) {
    assertThrows(() => openssl.serverContext(materialOf(pair), pair), Error, message);
    assertEquals(openssl.takeReason(), "");
  }
});

Deno.test("a key behind a password is refused, and nobody is asked for the password", () => {
  using ca = new TestCa();
  const { cert, keyPath } = ca.issue();
  const { stdout } = new Deno.Command("openssl", {
    args: ["pkcs8", "-topk8", "-in", keyPath, "-passout", "pass:secret"],
  }).outputSync();
  const pair = { cert, key: new TextDecoder().decode(stdout) };
  assertThrows(() => openssl.serverContext(materialOf(pair), pair), Error, "key cannot be read");
});

Deno.test("each result of a verification is a fault", () => {
  assertEquals([9, 10, 62, 64, 18, 19, 20].map(certificateFault), [
    ...["expired", "expired", "name", "name", "self_signed", "other", "other"],
  ] as ReturnType<typeof certificateFault>[]);
});
