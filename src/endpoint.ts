/**
 * Where a socket listens, or what it connects to: the one form in which addresses go from the configuration to the
 * engines, and the one place that writes them as text. Plain data, so that it can be posted to a worker.
 *
 * @module
 */

/** A TCP address. */
export interface TcpEndpoint {
  readonly kind: "tcp";
  /** Host name or IP address, IPv6 without brackets. */
  readonly hostname: string;
  /** 1 to 65,535; to listen also 0, for any port that is free. */
  readonly port: number;
}

/** A unix socket: a file of this machine. */
export interface UnixEndpoint {
  readonly kind: "unix";
  /** Absolute. */
  readonly path: string;
}

/** Where a socket listens, or what it connects to. */
export type Endpoint = TcpEndpoint | UnixEndpoint;

/** Where cluster-aware clients are told to connect. */
export interface AdvertisedAddress {
  /** An IPv4 or IPv6 address, without port. */
  readonly address: string;
  /** Whether `--ip` or `HOST` says it; else it is only for clusters that listen at no address in particular. */
  readonly isExplicit: boolean;
}

/** A TCP address as an endpoint. */
export function tcpEndpoint(hostname: string, port: number): TcpEndpoint {
  return { kind: "tcp", hostname, port };
}

/** The file of a unix socket as an endpoint. */
export function unixEndpoint(path: string): UnixEndpoint {
  return { kind: "unix", path };
}

/**
 * An endpoint as logs, errors and metrics have it, and as the file may write it: `host:port`, IPv6 in brackets, or
 * `unix:/path`.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === "unix"
    ? `unix:${endpoint.path}`
    : `${formatHost(endpoint.hostname)}:${endpoint.port}`;
}

/**
 * The other end of a connection as logs have it; "" where it cannot be told. Of a connection that is lost it cannot be
 * told any more from one moment to the next, so it is asked for once.
 */
export function formatPeer(endpoint: Endpoint | null): string {
  return endpoint === null ? "" : formatEndpoint(endpoint);
}

/** A host as it stands in an address: IPv6 in brackets. */
export function formatHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** One end of a client's connection as the servers show it in CLIENT LIST: a unix socket is `/path:0`. */
export function formatClientEnd(endpoint: Endpoint | null): string {
  if (endpoint === null) return "";
  return endpoint.kind === "unix" ? `${endpoint.path}:0` : formatEndpoint(endpoint);
}

/** What the clients of one machine have in common: its host, or the unix socket that they come by; "" for unknown. */
export function hostOf(endpoint: Endpoint | null): string {
  if (endpoint === null) return "";
  return endpoint.kind === "unix" ? endpoint.path : endpoint.hostname;
}

/** The TCP port, or 0 where there is none, as servers without one say. */
export function portOf(endpoint: Endpoint): number {
  return endpoint.kind === "unix" ? 0 : endpoint.port;
}

/** Longest path of a unix socket that is connected to, bytes: what the system's address has room for. */
export const UNIX_PATH_BYTES_MAX = 107;

/**
 * The directory in which the socket of a listener at `path` is made before it is put into its place: only this process
 * may enter it, and only one process can make it.
 */
export function unixWorkshop(path: string): string {
  return `${path}.new`;
}

/** Where in its {@link unixWorkshop} the socket of a listener at `path` is made. */
export function unixBindPath(path: string): string {
  return `${unixWorkshop(path)}/s`;
}

/**
 * Where in its {@link unixWorkshop} it waits to be moved into its place. Deno removes what is at the path that a socket
 * was bound at when it is closed, whatever that is by then: so nothing is left there.
 */
export function unixAsidePath(path: string): string {
  return `${unixWorkshop(path)}/r`;
}

/** Where a socket is found that was bound at `path`, which may be in its workshop: the system keeps that name. */
export function unixPlace(path: string): string {
  const end = path.length - unixBindPath("").length;
  return end > 0 && unixBindPath(path.slice(0, end)) === path ? path.slice(0, end) : path;
}

/**
 * The other end of a connection as it is shown. Who connects to a unix socket has no name there, so the socket's own is
 * shown in its place.
 */
export function shownPeer(local: Endpoint | null, peer: Endpoint | null): Endpoint | null {
  return peer ?? (local?.kind === "unix" ? local : null);
}

/** Whether both are the same, as they are written: two names of one machine differ. */
export function sameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return formatEndpoint(one) === formatEndpoint(other);
}

/** Where a cluster listens: its address, and the one for TLS where that is another. */
export function listenEndpoints(
  { listen, tls }: {
    readonly listen: Endpoint;
    readonly tls: { readonly listen: Endpoint | null } | null;
  },
): Endpoint[] {
  const secured = tls?.listen ?? null;
  return secured === null ? [listen] : [listen, secured];
}

/** A socket that listens, and that another process has given to this one. It stays open where it came from. */
export interface GivenSocket {
  readonly descriptor: number;
  /** Whether it stays open beyond this process: who waits to be accepted when this one ends is not lost. */
  readonly isHeld: boolean;
}
