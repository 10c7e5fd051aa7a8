/**
 * `cluster_view`: the proxies that cluster-aware clients are shown as one cluster.
 *
 * @module
 */
import { formatEndpoint, type TcpEndpoint } from "../endpoint.ts";
import { isAdvertisable } from "./advertisable.ts";
import type { EntryPlace } from "./problem.ts";
import { isIpv4, isIpv6, parseSocketAddress } from "./socket_address.ts";

/** The addresses, in their order in the file; what is wrong is reported, all at once. */
export function readClusterView(
  list: readonly string[] | undefined,
  { pathOf, report }: EntryPlace,
): TcpEndpoint[] {
  const path = pathOf("cluster_view");
  const siblings: TcpEndpoint[] = [];
  const known = new Set<string>();
  for (const [index, text] of (list ?? []).entries()) {
    const { value, fault } = parseSocketAddress(text);
    const problem = fault ?? faultOf(value!, known);
    if (problem === null) {
      siblings.push(value!);
      known.add(formatEndpoint(value!));
    } else {
      const message = `expected an address "host:port" or "[IPv6]:port": ${problem}`;
      report.problem(`${path}[${index}]`, message, text);
    }
  }
  return siblings;
}

function faultOf(endpoint: TcpEndpoint, known: ReadonlySet<string>): string | null {
  const { hostname } = endpoint;
  const isAddress = isIpv4(hostname) || isIpv6(hostname);
  if (isAddress && !isAdvertisable(hostname)) return "clients cannot connect to it";
  return known.has(formatEndpoint(endpoint)) ? "it is there twice" : null;
}
