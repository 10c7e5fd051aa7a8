/**
 * Deno's addresses as people write them.
 *
 * @module
 */

/** `host:port`, IPv6 in brackets. */
export function addressText({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
