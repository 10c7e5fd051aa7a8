/**
 * IP addresses in a form that can be compared: the same machine's same address has many ways to be written.
 *
 * @module
 */

/** `::ffff:0:0/96` as the URL standard writes it: IPv4 within IPv6. */
const MAPPED_IPV4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * IPv6 in its shortest form, and IPv4 within IPv6 as IPv4; anything else, names too, as it is.
 *
 * @param host Without brackets.
 */
export function comparableIp(host: string): string {
  if (!host.includes(":") || !URL.canParse(`http://[${host}]/`)) return host;
  const shortest = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const mapped = MAPPED_IPV4.exec(shortest);
  if (mapped === null) return shortest;
  const [high, low] = [parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether a comparable address is one that every machine calls itself by. */
export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}
