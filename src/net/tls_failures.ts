/**
 * What the TLS libraries say went wrong, as one of the reasons that are known here.
 *
 * @module
 */
import { type Failure, failures } from "../failure.ts";

/** What is wrong with a server's certificate. */
export type CertificateFault = "expired" | "name" | "self_signed" | "other";

/** The reason for a backend whose certificate is not accepted. */
export function backendCertificateFailure(fault: CertificateFault): Failure {
  switch (fault) {
    case "expired":
      return failures.tlsBackendExpired;
    case "name":
      return failures.tlsBackendName;
    case "self_signed":
      return failures.tlsBackendSelfSigned;
    case "other":
      return failures.tlsBackendUnknownCa;
  }
}

/**
 * Alerts by which the other side refuses a certificate (RFC 8446, 6.2), as OpenSSL (`alert certificate expired`) and
 * rustls (`CertificateExpired`) write them.
 */
const REFUSAL =
  /alert:?\s*((bad|unsupported) certificate|certificate (revoked|expired|unknown|required)|unknown ca|access denied|BadCertificate|UnsupportedCertificate|Certificate(Revoked|Expired|Unknown|Required)|UnknownCA|AccessDenied)/i;
const PLAIN =
  /wrong version number|http request|https proxy request|InvalidContentType|unknown protocol|packet length too long|record layer failure|bad record type/i;
const NOTHING_IN_COMMON =
  /unsupported protocol|no shared cipher|no suitable|version too low|alert protocol version|ProtocolVersion|no cipher|alert handshake failure|HandshakeFailure|PeerIncompatible|no shared group|inappropriate fallback/i;
const NO_CERTIFICATE =
  /did not return a certificate|sent no certificate|no certificates? presented/i;
const BAD_CERTIFICATE = /certificate verify failed|invalid peer certificate/i;

/** Why a backend's connection failed that speaks TLS; `reason` is the library's sentence. */
export function backendTlsFailure(reason: string): Failure {
  if (REFUSAL.test(reason)) return failures.tlsBackendWantsCertificate;
  if (PLAIN.test(reason)) return failures.tlsBackendPlain;
  return failures.tlsBackendFailed;
}

/** Why the handshake of a client failed; `reason` is the library's sentence. */
export function clientTlsFailure(reason: string): Failure {
  if (NO_CERTIFICATE.test(reason)) return failures.tlsClientNoCertificate;
  if (BAD_CERTIFICATE.test(reason)) return failures.tlsClientCertificate;
  if (REFUSAL.test(reason)) return failures.tlsClientRefusal;
  if (PLAIN.test(reason)) return failures.tlsClientPlain;
  if (NOTHING_IN_COMMON.test(reason)) return failures.tlsClientVersion;
  return failures.tlsClientFailed;
}
