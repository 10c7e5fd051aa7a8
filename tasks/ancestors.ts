/**
 * Whether the commands that started this one (`npx`, `deno task`) still live. `npx deno task demo` is a chain
 * of four processes, and not every one of them passes on the signal that ends it.
 *
 * @module
 */

/** How often the chain is looked at, in milliseconds. */
const LOOK_INTERVAL_MS = 500;
/** Commands that stand between a person and a task. */
const STARTER = /\b(deno|npm|npx)\b/;

/** Calls `onGone` once when a process of the chain is gone. Does nothing where there is no /proc. */
export function watchAncestors(onGone: () => void): void {
  if (Deno.build.os !== "linux") return;
  const chain = readChain();
  const timer = setInterval(() => {
    if (chain.every(([pid, parent]) => parentOf(pid) === parent)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_INTERVAL_MS);
  Deno.unrefTimer(timer);
}

/** This process and the starters above it, each with its parent. */
function readChain(): [number, number][] {
  const chain: [number, number][] = [];
  for (let pid = Deno.pid;;) {
    const parent = parentOf(pid);
    if (parent === null || !STARTER.test(commandOf(parent))) return chain;
    chain.push([pid, parent]);
    pid = parent;
  }
}

function parentOf(pid: number): number | null {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  } catch {
    return "";
  }
}
