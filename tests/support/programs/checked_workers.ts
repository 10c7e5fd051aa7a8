/**
 * Has the workers of a proxy check their invariants; the process ends when one is broken.
 *
 * @module
 */

/** How a process ends in which an invariant was broken. */
export const BROKEN_CODE = 70;
/** What stands before the report of it. */
export const BROKEN_TEXT = "A worker has found broken what must hold: ";

/** What a worker says that has found one. */
export interface BrokenMessage {
  readonly kind: "broken";
  readonly report: string;
}

const CHECKED_WORKER = new URL("./checked_worker.ts", import.meta.url);

/**
 * From now on workers of the proxy run another module.
 *
 * @param module Where that is; it posts a {@link BrokenMessage}.
 */
export function useCheckedWorkers(module: URL = CHECKED_WORKER): void {
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(String(url).endsWith("/src/worker/thread_entry.ts") ? module : url, options);
      this.addEventListener("message", (event: MessageEvent<BrokenMessage | { kind: string }>) => {
        if ("report" in event.data) endBroken(event.data.report);
      });
    }
  };
}

function endBroken(report: string): never {
  console.error(`${BROKEN_TEXT}${report}`);
  Deno.exit(BROKEN_CODE);
}
