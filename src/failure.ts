/**
 * The closed list of reasons why a request or a connection fails. One list serves the reply text, the log
 * field and the metric label, so that an operator meets the same word in all three places.
 *
 * @module
 */

/** Who caused a failure: the client, the backend, or the proxy by one of its own limits. */
export type FailureSource = "client" | "backend" | "proxy";

/** One reason, compared by identity: there is exactly one object per reason. */
export interface Failure {
  /** Position in {@link allFailures}; metrics count by it. */
  readonly id: number;
  /** Label of logs and metrics, snake_case. */
  readonly name: string;
  readonly source: FailureSource;
  /** What clients read, without the protocol's error prefix and without an address. */
  readonly text: string;
}

const list: Failure[] = [];

function failure(name: string, source: FailureSource, text: string): Failure {
  const made: Failure = { id: list.length, name, source, text };
  list.push(made);
  return made;
}

/** Every reason by name. */
export const failures = {
  connectRefused: failure("connect_refused", "backend", "connection refused"),
  connectTimeout: failure("connect_timeout", "backend", "connecting timed out"),
  connectFailed: failure("connect_failed", "backend", "connecting failed"),
  socketMissing: failure("socket_missing", "backend", "there is no such unix socket"),
  backlogFull: failure("backlog_full", "backend", "too many connections wait to be accepted"),
  connectDenied: failure("connect_denied", "proxy", "network permission denied for this address"),
  noRouteToHost: failure("no_route_to_host", "backend", "no route to host"),
  networkUnreachable: failure("network_unreachable", "backend", "network unreachable"),
  addressInvalid: failure("address_invalid", "backend", "address cannot be connected to"),
  addressFamilyUnsupported: failure(
    "address_family_unsupported",
    "proxy",
    "address family not supported by the proxy's system",
  ),
  // Most often all local ports for this one target are in use.
  addressNotAvailable: failure(
    "address_not_available",
    "proxy",
    "no local address available to the proxy",
  ),
  permissionDenied: failure(
    "permission_denied",
    "proxy",
    "permission denied by the proxy's system",
  ),
  tooManyOpenFiles: failure("too_many_open_files", "proxy", "proxy has too many open files"),
  tooManyOpenFilesInSystem: failure(
    "too_many_open_files_in_system",
    "proxy",
    "proxy's system has too many open files",
  ),
  outOfMemory: failure("out_of_memory", "proxy", "proxy's system has no memory for a connection"),
  backendIsProxy: failure(
    "backend_is_proxy",
    "proxy",
    "it is this proxy itself, or leads back to it",
  ),
  nameUnresolved: failure("name_unresolved", "backend", "host name could not be resolved"),
  nameLookupFailed: failure("name_lookup_failed", "backend", "host name lookup failed for now"),
  backendLogin: failure(
    "backend_login",
    "backend",
    "it refuses the proxy's login (backend_password, backend_auth)",
  ),
  backendDatabase: failure("backend_database", "backend", "it has no such database"),
  dialectUnsupported: failure(
    "dialect_unsupported",
    "backend",
    "it does not speak the client's protocol",
  ),
  tlsBackendExpired: failure(
    "tls_backend_expired",
    "backend",
    "its TLS certificate, or one that leads to its CA, has expired or is not valid yet",
  ),
  tlsBackendName: failure(
    "tls_backend_name",
    "backend",
    "its TLS certificate is for another name (backend_tls.server_name)",
  ),
  tlsBackendSelfSigned: failure(
    "tls_backend_self_signed",
    "backend",
    "its TLS certificate is self-signed and not among backend_tls.ca",
  ),
  tlsBackendUnknownCa: failure(
    "tls_backend_unknown_ca",
    "backend",
    "its TLS certificate is of a CA that is not trusted (backend_tls.ca)",
  ),
  tlsBackendWantsCertificate: failure(
    "tls_backend_wants_certificate",
    "backend",
    "it refuses the proxy's TLS certificate, or wants one (backend_tls.cert)",
  ),
  tlsBackendPlain: failure("tls_backend_plain", "backend", "it does not speak TLS"),
  tlsBackendFailed: failure("tls_backend_failed", "backend", "its TLS handshake failed"),
  backendLoading: failure("backend_loading", "backend", "it is loading its data"),
  handshakeRefused: failure("handshake_refused", "backend", "connection handshake refused"),
  backendTimeout: failure("backend_timeout", "backend", "no reply in time"),
  backendSilent: failure(
    "backend_silent",
    "backend",
    "connection silent for twice the read timeout",
  ),
  backendClosed: failure("backend_closed", "backend", "connection closed"),
  backendReset: failure("backend_reset", "backend", "connection lost"),
  backendWriteTimeout: failure("backend_write_timeout", "backend", "took no bytes in time"),
  backendMalformed: failure("backend_malformed", "backend", "malformed reply"),
  backendStray: failure("backend_stray", "backend", "reply without a request"),
  backendQueueFull: failure("backend_queue_full", "proxy", "send queue is full"),
  backendEjected: failure("backend_ejected", "backend", "ejected after failed pings"),
  circuitOpen: failure(
    "circuit_open",
    "backend",
    "too many timeouts in a row; it gets no requests until it answers a ping",
  ),
  backendRemoved: failure("backend_removed", "proxy", "removed from the cluster"),
  noBackend: failure("no_backend", "backend", "no backend is available"),
  slotUncovered: failure("slot_uncovered", "backend", "hash slot not served"),
  noReplica: failure("no_replica", "backend", "no replica of this hash slot can be read from"),
  tooManyRedirects: failure("too_many_redirects", "backend", "too many redirections"),
  topologyUnknown: failure("topology_unknown", "backend", "no node has answered CLUSTER SLOTS yet"),
  topologyChanging: failure(
    "topology_changing",
    "backend",
    "a failover is under way, and no node has answered CLUSTER SLOTS since; try again",
  ),
  scriptRedirected: failure(
    "script_redirected",
    "backend",
    "the script was answered by a redirection that cannot be trusted; try again",
  ),
  redirectInvalid: failure("redirect_invalid", "backend", "redirection without a usable address"),
  keysApart: failure(
    "keys_apart",
    "client",
    "keys of this command live on different backends; give them a common hash tag",
  ),
  tlsClientPlain: failure("tls_client_plain", "client", "client does not speak TLS"),
  tlsClientRefusal: failure(
    "tls_client_refusal",
    "client",
    "client does not trust the proxy's TLS certificate",
  ),
  tlsClientNoCertificate: failure(
    "tls_client_no_certificate",
    "client",
    "client showed no TLS certificate (tls.client_ca)",
  ),
  tlsClientCertificate: failure(
    "tls_client_certificate",
    "client",
    "client's TLS certificate is not trusted (tls.client_ca)",
  ),
  tlsClientVersion: failure(
    "tls_client_version",
    "client",
    "client and proxy have no TLS version or cipher in common",
  ),
  tlsClientFailed: failure("tls_client_failed", "client", "client broke off its TLS handshake"),
  tlsClientTimeout: failure(
    "tls_client_timeout",
    "client",
    "client did not finish its TLS handshake in time",
  ),
  clientMalformed: failure("client_malformed", "client", "malformed request"),
  clientReset: failure("client_reset", "client", "client connection lost"),
  clientWriteTimeout: failure("client_write_timeout", "client", "client took no bytes in time"),
  clientOutputLimit: failure("client_output_limit", "client", "client does not read its replies"),
  clientRequestLimit: failure(
    "client_request_limit",
    "client",
    "request is larger than max_request_bytes allows",
  ),
  clientLimit: failure(
    "client_limit",
    "client",
    "cluster has as many clients as max_clients allows",
  ),
  clientAddressLimit: failure(
    "client_address_limit",
    "client",
    "its address has as many clients as max_clients_per_address allows",
  ),
  rateLimited: failure("rate_limited", "client", "rate limited"),
  clientIdle: failure("client_idle", "client", "client asked for nothing for too long"),
  clientReadAhead: failure(
    "client_read_ahead",
    "client",
    "client sent too much behind a blocking command",
  ),
  clientStranger: failure(
    "client_stranger",
    "client",
    "client sent a large request before it logged in",
  ),
  clientNotAllowed: failure(
    "client_not_allowed",
    "client",
    "its user is gone, or may not listen to its channels any more",
  ),
  clientKilled: failure("client_killed", "client", "closed by CLIENT KILL"),
  memoryLimit: failure(
    "memory_limit",
    "proxy",
    "proxy has more to keep than max_memory_bytes allows",
  ),
  memoryShort: failure(
    "memory_short",
    "proxy",
    "proxy takes more memory than max_memory_bytes allows",
  ),
  shuttingDown: failure("shutting_down", "proxy", "proxy is shutting down"),
  generationMismatch: failure("generation_mismatch", "proxy", "reply does not match its request"),
} as const;

/** All reasons in the order of their {@link Failure.id}. */
export const allFailures: readonly Failure[] = list;
