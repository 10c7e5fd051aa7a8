/**
 * What servers had counted when a client said CONFIG RESETSTAT. Other programs use the servers, too, so nothing is reset
 * there: from then on INFO says what was counted since.
 *
 * @module
 */
import { type InfoField, readInfo, readNumber, readParts, writeParts } from "./info_text.ts";

/** Counters of section Stats that a server's CONFIG RESETSTAT sets to 0. */
const COUNTERS = new RegExp(
  "^(total_commands_processed|total_connections_received|total_net_.*|rejected_connections|" +
    "sync_(full|partial_ok|partial_err)|expired_keys|expired_fields|" +
    "expired_time_cap_reached_count|expire_cycle_cpu_milliseconds|evicted_(keys|clients|scripts)|" +
    "total_eviction_exceeded_time|keyspace_(hits|misses)|total_forks|active_defrag_.*|" +
    "total_active_defrag_time|unexpected_error_replies|total_error_replies|" +
    "dump_payload_sanitizations|total_(reads|writes)_processed|" +
    "io_threaded_(reads|writes)_processed|client_.*_limit_disconnections|" +
    "reply_buffer_(shrinks|expands)|acl_access_denied_.*)$",
);
/** Lines of counters, whose parts are counted one by one. */
const COUNTED_PARTS = /^(cmdstat|errorstat)_/;
/** Parts that are no counters. */
const PER_CALL = "usec_per_call";

/** What one server had counted. */
export type Baseline = ReadonlyMap<string, string>;

/** Reads it from a server's INFO. */
export function readBaseline(text: string): Baseline {
  const baseline = new Map<string, string>();
  for (const { title, fields } of readInfo(text)) {
    for (const [name, value] of fields) {
      if (isCounted(title, name)) baseline.set(name, value);
    }
  }
  return baseline;
}

/**
 * What a field has counted since.
 *
 * @returns Null where nothing was counted and a server, too, would say nothing.
 */
export function countedSince(
  title: string,
  field: InfoField,
  baseline: Baseline | undefined,
): InfoField | null {
  const [name, value] = field;
  const before = baseline?.get(name);
  if (before === undefined || !isCounted(title, name)) return field;
  if (!COUNTED_PARTS.test(name)) return [name, since(value, before)];
  const former = new Map(readParts(before) ?? []);
  const parts = (readParts(value) ?? []).map(([part, count]): InfoField => {
    const earlier = former.get(part);
    return [part, part === PER_CALL || earlier === undefined ? count : since(count, earlier)];
  });
  if (parts.every(([part, count]) => part === PER_CALL || count === "0")) return null;
  return [name, writeParts(withPerCall(parts))];
}

function isCounted(title: string, name: string): boolean {
  return COUNTED_PARTS.test(name) || (title === "Stats" && COUNTERS.test(name));
}

/** A server that has started anew has counted all of it since. */
function since(value: string, before: string): string {
  const [now, then] = [readNumber(value), readNumber(before)];
  if (now === null || then === null || now < then) return value;
  return String(now - then);
}

function withPerCall(parts: readonly InfoField[]): InfoField[] {
  const counts = new Map(parts);
  const calls = Number(counts.get("calls") ?? 0);
  const perCall = calls === 0 ? 0 : Number(counts.get("usec") ?? 0) / calls;
  return parts.map(([part, count]) =>
    part === PER_CALL ? [part, perCall.toFixed(2)] : [part, count]
  );
}
