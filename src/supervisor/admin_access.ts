/**
 * Who may ask the admin server what. Any web page can make a browser send requests to this machine: across origins,
 * which `Origin` tells, and under a name that its owner points here ("DNS rebinding"), which `Host` tells. So neither
 * loopback nor a private network is enough of a lock.
 *
 * @module
 */
import type { TcpEndpoint } from "../endpoint.ts";
import { comparableIp, isLoopback } from "../net/ip_address.ts";
import { isIpv4, isIpv6 } from "../config/socket_address.ts";
import { DASHBOARD_PATH } from "./dashboard/dashboard.ts";
import { isSameDigest, sha256 } from "../hash/mod.ts";

/** Longest address of a request, characters. */
export const URL_CHARACTERS_MAX = 2_048;
/** Names and values of a request's headers in all, characters. */
export const HEADER_CHARACTERS_MAX = 16_384;

/**
 * What anybody who reaches the server may ask: load balancers have no token, and a browser has it only when the page
 * has asked for it. The page says nothing of the proxy before.
 */
const OPEN_PATHS = new Set(["/health", "/ready", "/"]);
/** Set by a proxy in front, whose own address says nothing of who asks. */
const FORWARDED_HEADERS = ["forwarded", "x-forwarded-for", "x-real-ip"];

const encoder = new TextEncoder();

/** Decides who may ask the admin server what: by token, by address, and by the headers that browsers send. */
export class AdminAccess {
  readonly #tokenDigest: Uint8Array | null;
  readonly #isOnLoopback: boolean;
  readonly #scheme: "http" | "https";

  /**
   * @param token What `Authorization: Bearer …` has to say, or null: nothing.
   * @param speaksTls Whether the server's own pages come by TLS.
   */
  constructor(listen: TcpEndpoint, token: string | null, speaksTls = false) {
    this.#scheme = speaksTls ? "https" : "http";
    this.#tokenDigest = token === null ? null : sha256(encoder.encode(token));
    this.#isOnLoopback = isLoopbackName(listen.hostname);
  }

  /**
   * Why a request is not looked at, or null.
   *
   * @param peer IP address that it comes from.
   */
  refusal(request: Request, peer: string): Response | null {
    return tooLarge(request) ?? this.#strange(request, peer) ?? this.#unproven(request, peer);
  }

  /** Whether who asks may see what is in the proxy: with a token only who shows it. */
  mayRead({ headers }: Request): boolean {
    return this.#tokenDigest === null || this.#hasToken(headers);
  }

  /** Refuses what a browser may have been made to send. */
  #strange({ headers, url }: Request, peer: string): Response | null {
    const host = headers.get("host");
    const origin = headers.get("origin");
    if (
      origin !== null && origin.toLowerCase() !== `${this.#scheme}://${host ?? ""}`.toLowerCase()
    ) {
      return refused(403, "Requests of web pages of other origins are refused");
    }
    // Whoever shows the token is no page: a name that leads here does not know it.
    if (this.#hasToken(headers)) return null;
    const isFromHere = isLoopback(comparableIp(peer));
    const isNamed = [host, new URL(url).host].some((one) => one !== null && !isPlainHost(one));
    return isFromHere && isNamed
      ? refused(403, "Host is neither an IP address nor localhost: a web page may have sent this")
      : null;
  }

  #unproven({ headers, method, url }: Request, peer: string): Response | null {
    if (this.#tokenDigest !== null) {
      const { pathname } = new URL(url);
      const isOpen = OPEN_PATHS.has(pathname) || pathname.startsWith(DASHBOARD_PATH);
      if (this.#hasToken(headers) || (!isAction(method) && isOpen)) return null;
      const challenge = { "www-authenticate": 'Bearer realm="aster"' };
      return refused(401, "Authorization: Bearer with the admin_token is wanted", challenge);
    }
    if (!isAction(method)) return null;
    const isForwarded = FORWARDED_HEADERS.some((name) => headers.has(name));
    if (this.#isOnLoopback && isLoopback(comparableIp(peer)) && !isForwarded) return null;
    return refused(403, "Without an admin_token, POST is for this machine, on a loopback address");
  }

  #hasToken(headers: Headers): boolean {
    if (this.#tokenDigest === null) return false;
    const [, token] = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    return token !== undefined && isSameDigest(sha256(encoder.encode(token)), this.#tokenDigest);
  }
}

/** Whether only this machine can connect to an address. */
export function isLoopbackName(hostname: string): boolean {
  if (hostname.toLowerCase() === "localhost") return true;
  return (isIpv4(hostname) || isIpv6(hostname)) && isLoopback(comparableIp(hostname));
}

function isAction(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Whether `host[:port]` is one that nobody can point elsewhere: an IP address, or this machine's own name. */
function isPlainHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d{1,5}$/, "");
  if (name.startsWith("[") && name.endsWith("]")) return isIpv6(name.slice(1, -1));
  return name === "localhost" || isIpv4(name);
}

function tooLarge({ headers, url }: Request): Response | null {
  if (url.length > URL_CHARACTERS_MAX) return refused(414, "The address is too long");
  let characters = 0;
  for (const [name, value] of headers) characters += name.length + value.length;
  if (characters > HEADER_CHARACTERS_MAX) return refused(431, "The headers are too large");
  // Not `request.body`: Deno gives every POST one.
  const hasBody = headers.has("transfer-encoding") ||
    (headers.get("content-length") ?? "0") !== "0";
  if (!hasBody) return null;
  return refused(413, "No body is taken: what is asked stands in the address");
}

/** The connection is closed behind it, so that a body is not read to its end. */
function refused(status: number, reason: string, headers: Record<string, string> = {}): Response {
  return new Response(`${reason}\n`, { status, headers: { ...headers, connection: "close" } });
}
