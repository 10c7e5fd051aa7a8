/**
 * What Redis Cluster says about itself in its errors: redirections, from bytes to values. Rare, so it may
 * make strings.
 *
 * @module
 */
import { type TcpEndpoint, tcpEndpoint } from "../../../endpoint.ts";
import { SLOT_COUNT } from "../../../hash/mod.ts";
import { type Redirect, RedirectKind } from "../../redirect.ts";
import { requestBytes } from "../write/replies.ts";
import { unbracketed } from "./shown_addresses.ts";
import { furtherViewRequest, readView, viewRequests } from "./node_views.ts";
import { readReport, readZone, reportRequest, zoneRequest } from "./node_reports.ts";

/** An error reply that redirects is shorter than this, in bytes. */
const REDIRECT_LIMIT_BYTES = 512;

const decoder = new TextDecoder();

/** The words of Redis Cluster, as the slot router and its fetches use them. */
export const clusterDialect = {
  /** `ASKING`: goes right before a request that follows an ASK. */
  asking: requestBytes("ASKING"),
  viewRequests,
  furtherViewRequest,
  readRedirect,
  readView,
  reportRequest,
  readReport,
  zoneRequest,
  readZone,
  parseAddress,
} as const;

/** The words of Redis Cluster for a proxy that reaches nodes over TLS: where they have a port for it, that is the one. */
export const tlsClusterDialect: typeof clusterDialect = {
  ...clusterDialect,
  readView: (replies, askedHost) => readView(replies, askedHost, true),
};

/**
 * Reads `-MOVED slot host:port`, `-ASK slot host:port`, `-CLUSTERDOWN …`, `-READONLY …`, `-LOADING …`,
 * `-MASTERDOWN …` and `-TRYAGAIN …`. Anything else says nothing; a redirection that cannot be read has its kind and no target.
 */
export function readRedirect(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Redirect,
): void {
  into.kind = RedirectKind.None;
  into.slot = -1;
  into.target = null;
  // Few errors begin with these letters, so most cost no string.
  const first = bytes[start + 1];
  if (
    first !== 0x4d && first !== 0x41 && first !== 0x43 && first !== 0x4c && first !== 0x52 &&
    first !== 0x54
  ) {
    return;
  }
  const text = decoder.decode(bytes.subarray(start, Math.min(end, start + REDIRECT_LIMIT_BYTES)));
  // Of what has no key a former master says no more than that it may not write.
  if (text.startsWith("-CLUSTERDOWN") || text.startsWith("-READONLY ")) {
    into.kind = RedirectKind.ClusterDown;
    return;
  }
  if (text.startsWith("-LOADING ") || text.startsWith("-MASTERDOWN ")) {
    into.kind = RedirectKind.Unready;
    return;
  }
  if (text.startsWith("-TRYAGAIN ")) {
    into.kind = RedirectKind.TryAgain;
    return;
  }
  const words = text.trimEnd().split(" ");
  if (words[0] !== "-MOVED" && words[0] !== "-ASK") return;
  into.kind = words[0] === "-MOVED" ? RedirectKind.Moved : RedirectKind.Ask;
  const slot = words[1] ?? "";
  if (!/^\d{1,5}$/.test(slot) || Number(slot) >= SLOT_COUNT) return;
  into.slot = Number(slot);
  into.target = readTarget(words[2] ?? "");
}

/** Reads the `host:port` of a redirection, where IPv6 has no brackets and the host may be left out. */
function readTarget(text: string): TcpEndpoint | null {
  const colon = text.lastIndexOf(":");
  const port = colon < 0 ? 0 : readPort(text.slice(colon + 1));
  return port === 0 ? null : tcpEndpoint(knownHost(text.slice(0, colon)), port);
}

/** Splits `host:port`, IPv6 with or without brackets; null if it is none or has no host. */
export function parseAddress(address: string): TcpEndpoint | null {
  const target = readTarget(address);
  return target === null || target.hostname === "" ? null : target;
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port <= 65_535 ? port : 0;
}

/** Empty for the words that stand for a host the node does not know. */
function knownHost(text: string): string {
  return text === "?" ? "" : unbracketed(text);
}
