/**
 * Deno's debugger, which Deno opens on 127.0.0.1:9229 when the process gets SIGUSR1, whoever else listens for that
 * signal. Whoever can connect to it could read what the process has in memory, passwords too, so it is closed again.
 *
 * @module
 */
import inspector from "node:inspector";

/** Between two tries, milliseconds: how long the debugger may be open. */
const TRY_INTERVAL_MS = 10;
/** For so many tries it is closed again. Deno opens it within a turn or two, before or behind the proxy's listener. */
const TRIES = 100;

/**
 * Closes the debugger, now and for a second from now on. Closing one that is not open does nothing.
 *
 * @param close Closes it once.
 */
export function keepDebuggerClosed(close: () => void = () => inspector.close()): void {
  let tryCount = 0;
  const timer = setInterval(() => {
    tryCount += 1;
    if (tryCount === TRIES) clearInterval(timer);
    close();
  }, TRY_INTERVAL_MS);
  // The process may end meanwhile.
  Deno.unrefTimer(timer);
  close();
}
