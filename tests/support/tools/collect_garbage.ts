/**
 * V8's collection of garbage, at a test's word, and what it has not collected.
 *
 * @module
 */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

/** Frees all that nobody has any more. */
export function collectGarbage(): void {
  collect();
}

/** Bytes of objects that V8 takes to last: they have lived through collections of what is young. */
export function lastingBytes(): number {
  const spaces = v8.getHeapSpaceStatistics();
  return spaces.find(({ space_name }) => space_name === "old_space")!.space_used_size;
}
