/**
 * Fields of INFO that servers compute of others, in their forms.
 *
 * @module
 */

const HUMAN = "_human";
/** By field: the fields whose ratio it is. */
const RATIOS = new Map<string, readonly [string, string]>([
  ["allocator_frag_ratio", ["allocator_active", "allocator_allocated"]],
  ["allocator_rss_ratio", ["allocator_resident", "allocator_active"]],
  ["rss_overhead_ratio", ["used_memory_rss", "allocator_resident"]],
  ["mem_fragmentation_ratio", ["used_memory_rss", "used_memory"]],
]);
const UNITS = ["K", "M", "G", "T", "P"];

/**
 * The value of a field that is computed.
 *
 * @param values The numbers of its section, by field.
 * @returns Null where it is no such field, or what it is computed of is not there.
 */
export function derivedValue(name: string, values: ReadonlyMap<string, number>): string | null {
  if (name.endsWith(HUMAN)) {
    const bytes = values.get(name.slice(0, -HUMAN.length));
    return bytes === undefined ? null : humanBytes(bytes);
  }
  const ratio = RATIOS.get(name);
  if (ratio !== undefined) return quotient(values.get(ratio[0]), values.get(ratio[1]), 1, "");
  const used = values.get("used_memory");
  if (name === "used_memory_peak_perc") {
    return quotient(used, values.get("used_memory_peak"), 100, "%");
  }
  if (name === "used_memory_dataset_perc" && used !== undefined) {
    const atStart = values.get("used_memory_startup") ?? 0;
    return quotient(values.get("used_memory_dataset"), used - atStart, 100, "%");
  }
  return null;
}

/** Bytes as servers write them for people. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let amount = bytes;
  let unit = -1;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount.toFixed(2)}${UNITS[unit]}`;
}

function quotient(
  one: number | undefined,
  other: number | undefined,
  factor: number,
  unit: string,
): string | null {
  if (one === undefined || other === undefined) return null;
  return `${(other === 0 ? 0 : one / other * factor).toFixed(2)}${unit}`;
}
