/**
 * What an operator can do about each failure, for docs/errors.md. The type check names a failure without advice.
 *
 * @module
 */
import type { failures } from "../src/failure.ts";

/** Advice by the name of the failure, one or two sentences of Markdown. */
export const failureAdvice: Readonly<Record<keyof typeof failures, string>> = {
  connectRefused: "Nothing listens there: start the server, or correct `servers`.",
  connectTimeout:
    "The server did not accept and greet within `dial_timeout`: look for a firewall that drops " +
    "packets, a full accept queue or a stopped process.",
  socketMissing: "Nobody listens at that path: start the server, or correct `servers`.",
  backlogFull: "The server accepts too slowly, or its backlog is too small: look at its load.",
  connectFailed: "The log line says what the system answered.",
  connectDenied:
    "The permissions of the process leave this address out: start it with the flags that " +
    '`--print-permissions` prints, or widen `network` with `"process"`.',
  noRouteToHost: "The proxy's machine has no way to the server's address: look at routes.",
  networkUnreachable: "The proxy's machine has no way to the server's network: look at routes.",
  addressInvalid: "The address is none that can be connected to, such as a broadcast address.",
  addressFamilyUnsupported:
    "The proxy's system has no IPv6, or no IPv4: name the server by the other kind of address.",
  addressNotAvailable:
    "All local ports to this one server are in use: fewer workers (`thread`), fewer " +
    "`node_connections`, or a wider range of local ports.",
  permissionDenied: "A rule of the proxy's system (firewall, sandbox) forbids the connection.",
  tooManyOpenFiles:
    "Raise the limit of open files of the process (`LimitNOFILE=`, `ulimit -n`), or lower " +
    "`max_clients`.",
  tooManyOpenFilesInSystem: "Raise the system's limit of open files.",
  outOfMemory: "The system has no memory for another socket: look at its memory limits.",
  backendIsProxy: "A server of the cluster is this proxy itself: correct `servers`.",
  nameUnresolved: "There is no such host name: correct `servers`, or the name service.",
  nameLookupFailed: "The name service did not answer; the next connection asks it again.",
  backendLogin: "Set `backend_password` or `backend_auth` to what the server takes.",
  backendDatabase: "The server has fewer databases than the client selects: see `databases` there.",
  dialectUnsupported:
    "A memcached that was started for one protocol only (`-B`), or too old for it: start it with " +
    "`-B auto`.",
  tlsBackendExpired:
    "Renew the server's certificate, or the one of the CA between; look at the clocks of both machines, too.",
  tlsBackendName:
    "The server's certificate has to name the host or address in `servers` (for a Redis Cluster: as its nodes " +
    "announce themselves). Otherwise say its name in `backend_tls.server_name`.",
  tlsBackendSelfSigned: "Name the server's certificate itself in `backend_tls.ca`.",
  tlsBackendUnknownCa:
    "Name the CA's certificate in `backend_tls.ca`. The server has to send those between its own and the CA's.",
  tlsBackendWantsCertificate:
    "The server asks for a certificate: give it one of a CA that it trusts, by `backend_tls.cert` and `key`.",
  tlsBackendPlain:
    "Another port of the server speaks TLS, or none: correct `servers` or `backend_tls`.",
  tlsBackendFailed: "The server's log says more: mostly no version or cipher is known to both.",
  handshakeRefused: "The log line says what the server answered to the handshake.",
  backendTimeout:
    "The server did not answer within `read_timeout`; a write may have run. Look for slow commands " +
    "there, or raise `read_timeout`.",
  backendSilent:
    "The server sent nothing for twice `read_timeout` with requests due; the connection is made anew.",
  backendClosed: "The server closed the connection: look at its log.",
  backendReset: "The connection broke: look at the server, and at what stands between.",
  backendWriteTimeout:
    "The server read nothing for `write_timeout`: it hangs, or the network drops packets.",
  backendMalformed: "What answers is no Redis or memcached server, or a broken one.",
  backendStray: "The server sent a reply that nobody asked for; report it with its version.",
  backendQueueFull:
    "Requests wait for this server above `max_backend_queue_bytes`: it is slower than its clients " +
    "ask.",
  backendEjected:
    'The server does not answer pings. It is out of the ring until it does, or fails requests with `eject = "fail"`.',
  circuitOpen:
    "The server did not answer `circuit_timeouts` requests in a row in time: look at it. It is pinged, and used again when it answers.",
  backendLoading:
    "The server reads its data from disk, or has no master to copy: with `failover_wait` requests wait until " +
    "it can serve.",
  backendRemoved: "A reload or a new slot map took the server away while the request waited.",
  noBackend: "Every server of the cluster is ejected, or out by order.",
  noReplica:
    "Every replica of the slot is down, without its master, or behind it by more than `replica_max_lag`, and `read_policy` is `replica`.",
  slotUncovered: "The Redis Cluster gives this slot to no node: see `CLUSTER INFO` there.",
  tooManyRedirects: "The nodes send the request to and fro: their slot maps disagree; see " +
    "`redis-cli --cluster check`.",
  topologyUnknown: "No seed has answered yet: start one, or correct `servers`.",
  topologyChanging: "Try again: a failover is under way.",
  scriptRedirected: "A script answered with an error in the form of a redirection; try again.",
  redirectInvalid: "A node announces an address that cannot be used: see " +
    "`cluster-announce-ip` there.",
  keysApart:
    "The keys of one command must live on one server: give them a common hash tag, such as " +
    "`{user:1}:name`.",
  tlsClientPlain:
    "The client has to be told to use TLS, or to use the port without (`tls.listen_addr`).",
  tlsClientRefusal:
    "The client does not trust `tls.cert`: it needs the CA's certificate, and has to ask for a name that the " +
    "certificate has. Send the certificates between along in `tls.cert`.",
  tlsClientNoCertificate: "The client needs a certificate of a CA in `tls.client_ca`.",
  tlsClientCertificate:
    "The client's certificate is of no CA in `tls.client_ca`, or has expired. OpenSSL's own word is in the log.",
  tlsClientVersion:
    "The client is older than `tls.min_version` allows, or knows no cipher of today.",
  tlsClientFailed:
    "The client went away before it had finished: a port scan, a health check, or a client's timeout.",
  tlsClientTimeout:
    "The client did not finish within 5 s, or 1,024 others came meanwhile. Many of these from few addresses are " +
    "an attack.",
  clientMalformed: "The client does not speak the protocol of the cluster's `cache_type`.",
  clientReset: "The client's connection broke. Nothing to do, unless there are many.",
  clientWriteTimeout: "The client read nothing for `write_timeout`, and was closed.",
  clientOutputLimit:
    "Replies above `client_output_limit` wait for this client: it asks for more than it reads.",
  clientRequestLimit: "Send less in one request, or raise `max_request_bytes`.",
  clientLimit: "Raise `max_clients`, or close clients: `CLIENT LIST` shows them.",
  clientAddressLimit:
    "Raise `max_clients_per_address`, or close clients of that address: `CLIENT LIST` shows them.",
  rateLimited: "Send less, or raise `rate_limit`; the log says whose requests are refused.",
  clientIdle: "The client was silent for `client_idle_timeout`, and was closed.",
  clientReadAhead:
    "The client sent more behind a blocking command than is kept for it; wait for its reply.",
  clientStranger: "A client without a login sent a large request: log in first.",
  clientNotAllowed:
    "A reload removed its user, or took channels from it: as meant, it cannot stay.",
  clientKilled: "An operator closed it by `CLIENT KILL`.",
  memoryLimit:
    "Raise `max_memory_bytes`, or lower what each client and backend may keep: see docs/operating.md.",
  memoryShort:
    "Clients wait to be accepted. Raise `max_memory_bytes`, or restart when it suits you.",
  shuttingDown: "The proxy ends: connect anew, to its successor.",
  generationMismatch: "A fault of the proxy, which closed the connection instead: report it.",
};
