/**
 * The C library of this machine, for tests of what calls it.
 *
 * @module
 */
import { openLibc } from "../../../src/net/epoll/libc.ts";
import { System } from "../../../src/net/epoll/system.ts";
import { findLibc, findLibssl } from "../../../src/supervisor/io_choice.ts";

/** Its path. */
export const libcPath: string = findLibc() ?? "no C library found";

/** OpenSSL's. */
export const libsslPath: string = findLibssl() ?? "no OpenSSL found";

/** System calls of this thread. */
export function openSystem(): System {
  return new System(openLibc(libcPath));
}
