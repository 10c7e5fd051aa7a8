/**
 * Starting a process that has one processor for all of its threads.
 *
 * @module
 */

/** Bytes of a `cpu_set_t` (`sched.h`). */
const SET_BYTES = 128;

/**
 * Starts `command` on the first processor that this process may use. A process inherits what the
 * thread that starts it may use, so that is changed meanwhile.
 *
 * @param libcPath Path of the C library.
 */
export function spawnOnOneProcessor(libcPath: string, command: Deno.Command): Deno.ChildProcess {
  const library = Deno.dlopen(libcPath, {
    sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
    sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  });
  const { sched_getaffinity, sched_setaffinity } = library.symbols;
  const allowed = new Uint8Array(SET_BYTES);
  if (sched_getaffinity(0, BigInt(SET_BYTES), allowed) < 0) throw new Error("No processors told");
  const one = new Uint8Array(SET_BYTES);
  const at = allowed.findIndex((byte) => byte !== 0);
  one[at] = allowed[at]! & -allowed[at]!;
  if (sched_setaffinity(0, BigInt(SET_BYTES), one) !== 0) throw new Error("No processor chosen");
  try {
    return command.spawn();
  } finally {
    sched_setaffinity(0, BigInt(SET_BYTES), allowed);
    library.close();
  }
}
