/**
 * Giving up, once everything runs, what the supervisor can never need again.
 *
 * Kept are `net` (the admin server, and replaced workers get theirs from here) and `read` (a replaced worker
 * loads its sources again; Deno cannot narrow a grant for everything to some paths). A revoked permission
 * goes back to *prompt*: whoever asks for it later stops a proxy that runs on a terminal with a question. So
 * this comes last, after every library and every environment variable was read.
 *
 * @module
 */
import type { IoChoice } from "../config/config.ts";

/** What no part of the proxy uses after its start. */
export const revokedNames = ["run", "ffi", "write", "import", "sys", "env"] as const;

/**
 * Revokes {@link revokedNames} for the rest of this process, but for what replaced workers get from here.
 *
 * @param keepsWriting Whether files are written while it runs.
 */
export function giveUpPrivileges(io: IoChoice, keepsWriting: boolean): void {
  for (const name of revokedNames) {
    if (name === "ffi" && io.engine === "epoll") continue;
    if (name === "write" && keepsWriting) continue;
    Deno.permissions.revokeSync({ name });
  }
}
