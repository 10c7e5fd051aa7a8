/**
 * The system's name of an error that Deno threw.
 *
 * @module
 */

/** Names of errors that Deno's own classes stand for, where the error has no `code`. */
const namesByClass: readonly (readonly [new (message: string) => Error, string])[] = [
  [Deno.errors.ConnectionRefused, "ECONNREFUSED"],
  [Deno.errors.ConnectionReset, "ECONNRESET"],
  [Deno.errors.ConnectionAborted, "ECONNABORTED"],
  [Deno.errors.NotConnected, "ENOTCONN"],
  [Deno.errors.AddrNotAvailable, "EADDRNOTAVAIL"],
  [Deno.errors.NetworkUnreachable, "ENETUNREACH"],
  [Deno.errors.PermissionDenied, "EACCES"],
  [Deno.errors.TimedOut, "ETIMEDOUT"],
  [Deno.errors.NotFound, "ENOENT"],
  [Deno.errors.WouldBlock, "EAGAIN"],
];

/** The name that C has for the error, such as `EMFILE`; undefined where the error is none of the system's. */
export function errorName(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  return namesByClass.find(([type]) => error instanceof type)?.[1];
}
