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

/** Where a socket listens, or what it connects to. */
export type Endpoint = TcpEndpoint;

/** A TCP address as an endpoint. */
export function tcpEndpoint(hostname: string, port: number): TcpEndpoint {
  return { kind: "tcp", hostname, port };
}

/** An endpoint as logs, errors and metrics have it, and as the file may write it: `host:port`, IPv6 in brackets. */
export function formatEndpoint(endpoint: Endpoint): string {
  return `${formatHost(endpoint.hostname)}:${endpoint.port}`;
}

/** A host as it stands in an address: IPv6 in brackets. */
export function formatHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Whether both are the same, as they are written: two names of one machine differ. */
export function sameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.hostname === other.hostname && one.port === other.port;
}

/** A socket that listens, and that another process has given to this one. It stays open where it came from. */
export interface GivenSocket {
  readonly descriptor: number;
  /** Whether it stays open beyond this process: who waits to be accepted when this one ends is not lost. */
  readonly isHeld: boolean;
}
