/**
 * The head of an HTTP request, as the admin server takes it: strictly, since whoever may send something else than is
 * read here could slip past what `Host` and `Origin` are looked at for.
 *
 * @module
 */

/** Most bytes of a head: the longest address and headers, and what stands between them. */
export const HEAD_BYTES_MAX = 20_480;
/** Most lines of a head. */
export const HEAD_LINES_MAX = 100;

/** What a head asks for. */
export interface HttpHead {
  readonly request: Request;
  /** Whether the connection serves another request behind this one. */
  readonly keepsAlive: boolean;
}

/** Why a head is none. */
export interface HttpFault {
  readonly status: number;
  readonly reason: string;
}

const END = [13, 10, 13, 10];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A name, an address, or IPv6 in brackets, and perhaps a port; nothing that a URL reads otherwise. */
const HOST = /^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
const decoder = new TextDecoder("latin1");

/** Where the head in `bytes[0, end)` ends, or -1; looked for from `from` on. */
export function endOfHead(bytes: Uint8Array, from: number, end: number): number {
  for (let at = Math.max(0, from - END.length + 1); at + END.length <= end; at++) {
    if (END.every((byte, index) => bytes[at + index] === byte)) return at + END.length;
  }
  return -1;
}

/**
 * Reads a whole head.
 *
 * @param ownHost What the address is taken to be for where a client of HTTP/1.0 names no host.
 */
export function parseHead(bytes: Uint8Array, ownHost: string): HttpHead | HttpFault {
  const text = decoder.decode(bytes.subarray(0, bytes.length - END.length));
  const [first = "", ...lines] = text.split("\r\n");
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text.replaceAll("\r\n", ""))) {
    return fault(400, "The head has characters that none may have");
  }
  const [, method, target, version] = /^(\S+) (\S+) HTTP\/1\.([01])$/.exec(first) ?? [];
  if (method === undefined || !TOKEN.test(method)) {
    return fault(400, "The first line is not that of a request in HTTP/1.0 or 1.1");
  }
  if (lines.length > HEAD_LINES_MAX) return fault(431, "There are too many headers");
  const headers = readHeaders(lines);
  if (!(headers instanceof Headers)) return headers;
  const host = headers.get("host");
  if (host === null && version === "1") return fault(400, "Host is missing");
  if (host !== null && !HOST.test(host)) return fault(400, "Host is no host");
  const url = urlOf(target!, host ?? ownHost);
  if (url === null) return fault(400, "The address is neither a path nor a URL of http");
  return asRequest(method, url, headers, version === "1");
}

function readHeaders(lines: readonly string[]): Headers | HttpFault {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    if (colon < 1 || !TOKEN.test(name)) return fault(400, "A header is not a name and a value");
    const isTwice = headers.has(name) && /^(host|origin|authorization|content-length)$/i.test(name);
    if (isTwice) return fault(400, `${name} comes twice`);
    headers.append(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function urlOf(target: string, host: string): string | null {
  const url = target.startsWith("/") ? `http://${host}${target}` : target;
  if (!/^http:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { username, password } = new URL(url);
  return username === "" && password === "" ? url : null;
}

function asRequest(
  method: string,
  url: string,
  headers: Headers,
  isLater: boolean,
): HttpHead | HttpFault {
  const said = (headers.get("connection") ?? "").toLowerCase();
  const hasBody = headers.has("transfer-encoding") ||
    (headers.get("content-length") ?? "0") !== "0";
  try {
    return {
      request: new Request(url, { method, headers }),
      // No body is read, so behind one nothing can be.
      keepsAlive: !hasBody && (isLater ? !said.includes("close") : said.includes("keep-alive")),
    };
  } catch {
    return fault(405, "No such method is allowed");
  }
}

function fault(status: number, reason: string): HttpFault {
  return { status, reason };
}
