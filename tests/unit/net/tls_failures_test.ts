import {
  backendCertificateFailure,
  backendTlsFailure,
  clientTlsFailure,
} from "../../../src/net/tls_failures.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("each fault of a certificate has its reason", () => {
  assertEquals(
    (["expired", "name", "self_signed", "other"] as const)
      .map((fault) => backendCertificateFailure(fault).name),
    [
      "tls_backend_expired",
      "tls_backend_name",
      "tls_backend_self_signed",
      "tls_backend_unknown_ca",
    ],
  );
});

Deno.test("what OpenSSL and rustls say of a backend has a reason", () => {
  for (
    const [sentence, name] of [
      ["tlsv13 alert certificate required", "tls_backend_wants_certificate"],
      ["received fatal alert: CertificateRequired", "tls_backend_wants_certificate"],
      ["tlsv1 alert unknown ca", "tls_backend_wants_certificate"],
      ["received fatal alert: UnknownCA", "tls_backend_wants_certificate"],
      ["wrong version number", "tls_backend_plain"],
      ["received corrupt message of type InvalidContentType", "tls_backend_plain"],
      ["no protocols available", "tls_backend_failed"],
      ["", "tls_backend_failed"],
    ]
  ) assertEquals(backendTlsFailure(sentence!).name, name, sentence);
});

Deno.test("what OpenSSL and rustls say of a client has a reason", () => {
  for (
    const [sentence, name] of [
      ["peer did not return a certificate", "tls_client_no_certificate"],
      ["peer sent no certificates", "tls_client_no_certificate"],
      ["certificate verify failed", "tls_client_certificate"],
      ["invalid peer certificate: UnknownIssuer", "tls_client_certificate"],
      ["sslv3 alert certificate unknown", "tls_client_refusal"],
      ["tlsv1 alert unknown ca", "tls_client_refusal"],
      ["received fatal alert: CertificateExpired", "tls_client_refusal"],
      ["wrong version number", "tls_client_plain"],
      ["http request", "tls_client_plain"],
      ["unsupported protocol", "tls_client_version"],
      ["no shared cipher", "tls_client_version"],
      ["closed", "tls_client_failed"],
      ["ECONNRESET", "tls_client_failed"],
    ]
  ) assertEquals(clientTlsFailure(sentence!).name, name, sentence);
});
