/**
 * Sockets from who starts this process, as systemd hands them over: open from descriptor 3 on, as many as `LISTEN_FDS`
 * says, and meant for this process if `LISTEN_PID` is its number.
 *
 * @module
 */
import { F_SETFD, FD_CLOEXEC } from "../../net/epoll/libc.ts";
import type { System } from "../../net/epoll/system.ts";
import type { ForeignSocket } from "./given_sockets.ts";

/** The variables that are read. */
export const ACTIVATION_NAMES = ["LISTEN_PID", "LISTEN_FDS"] as const;

/** The first of the descriptors. */
const FIRST_DESCRIPTOR = 3;
/** More are not taken. */
const DESCRIPTORS_MAX = 4096;

/** What {@link activationSockets} reads. */
export interface ActivationSource {
  readonly pid: number;
  get(name: typeof ACTIVATION_NAMES[number]): string | undefined;
}

/** The process's own environment; asking first keeps Deno from prompting on a terminal. */
export const processActivation: ActivationSource = {
  pid: Deno.pid,
  get(name) {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  },
};

/** How many sockets this process was started with. */
export function activationCount(source: ActivationSource): number {
  if (source.get("LISTEN_PID") !== String(source.pid)) return 0;
  const count = source.get("LISTEN_FDS") ?? "";
  return /^\d{1,4}$/.test(count) ? Math.min(Number(count), DESCRIPTORS_MAX) : 0;
}

/** The sockets; who started this process holds them, too. */
export function activationSockets(system: System, source: ActivationSource): ForeignSocket[] {
  return Array.from({ length: activationCount(source) }, (_, index) => {
    const descriptor = FIRST_DESCRIPTOR + index;
    // Programs that this one starts are not to have them.
    system.libc.fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return { descriptor, isHeld: true };
  });
}
