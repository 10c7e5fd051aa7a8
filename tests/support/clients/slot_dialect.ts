/**
 * How the line protocol speaks of slots: `-moved SLOT HOST:PORT`, `-ask SLOT HOST:PORT`, `-down`, `-unready`, `-again`, and the map
 * as `FIRST-LAST=MASTER,REPLICA… FIRST-LAST=…`, each with `@EPOCH` behind it if it is told, and `#ID` of its master.
 * A node may say first who it is: `~ID `. How a node is: `master OFFSET`, `replica OFFSET` or `lone OFFSET`, a replica without its master.
 *
 * @module
 */
import type { NodeDialect, NodeReport } from "../../../src/cluster/node_watch.ts";
import type { SlotDialect } from "../../../src/cluster/slot_fetch.ts";
import type { SlotView } from "../../../src/cluster/slot_ledger.ts";
import { type TcpEndpoint, tcpEndpoint } from "../../../src/endpoint.ts";
import {
  type ClusterDialect,
  type Redirect,
  RedirectKind,
} from "../../../src/protocol/redirect.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function parseAddress(address: string): TcpEndpoint | null {
  const match = /^(.*):(\d+)$/.exec(address);
  return match === null ? null : tcpEndpoint(match[1]!, Number(match[2]));
}

function readRedirect(bytes: Uint8Array, start: number, end: number, into: Redirect): void {
  const words = decoder.decode(bytes.subarray(start, end - 1)).split(" ");
  into.kind = RedirectKind.None;
  into.target = null;
  if (words[0] === "-down") into.kind = RedirectKind.ClusterDown;
  if (words[0] === "-unready") into.kind = RedirectKind.Unready;
  if (words[0] === "-again") into.kind = RedirectKind.TryAgain;
  if (words[0] !== "-moved" && words[0] !== "-ask") return;
  into.kind = words[0] === "-moved" ? RedirectKind.Moved : RedirectKind.Ask;
  into.slot = Number(words[1]);
  into.target = parseAddress(words[2]!);
}

function readView(replies: readonly Uint8Array[], askedHost: string): SlotView | null {
  const whole = decoder.decode(replies[0]!).trimEnd();
  if (whole.startsWith("-")) return null;
  const [, self = "", text = ""] = /^(?:~(\w+) )?(.*)$/s.exec(whole)!;
  const ranges = text === "" ? [] : text.split(" ").map((range): SlotRange => {
    const [, first, last, nodes, , epoch, , id] = /^(\d+)-(\d+)=([^@#]*)(@(\d+))?(#(\w+))?$/.exec(
      range,
    )!;
    const [master, ...replicas] = nodes!.split(",").map((node) =>
      node.startsWith(":") ? `${askedHost}${node}` : node
    );
    return {
      ...{ first: Number(first), last: Number(last), master: master!, replicas },
      ...epoch === undefined ? {} : { epoch: Number(epoch) },
      ...id === undefined ? {} : { id },
    };
  });
  const ids = new Set(ranges.flatMap(({ id }) => id === undefined ? [] : [id]));
  return { ranges, ids, self, zones: new Map() };
}

function readReport(bytes: Uint8Array, start: number, end: number): NodeReport | null {
  const words = decoder.decode(bytes.subarray(start, end - 1)).split(" ");
  if (words[0]!.startsWith("-")) return null;
  return {
    isReplica: words[0] !== "master",
    isLinked: words[0] !== "lone",
    offset: Number(words[1]),
  };
}

/** The dialect. */
export const slotDialect: ClusterDialect & SlotDialect & NodeDialect = {
  asking: encoder.encode("asking\n"),
  viewRequests: [encoder.encode("slots\n")],
  furtherViewRequest: encoder.encode("more slots\n"),
  readRedirect,
  readView,
  reportRequest: encoder.encode("report\n"),
  readReport,
  zoneRequest: encoder.encode("zone\n"),
  readZone: (bytes, start, end) => decoder.decode(bytes.subarray(start, end - 1)),
  parseAddress,
};
