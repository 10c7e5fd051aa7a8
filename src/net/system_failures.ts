/**
 * What the system's errors are called here, by the names that C has for them: the same reason for the same error,
 * whichever engine met it.
 *
 * @module
 */
import { type Failure, failures } from "../failure.ts";

/** Those that say that the system has nothing left to make a connection of; a moment later it may. */
const lacks: ReadonlyMap<string, Failure> = new Map([
  ["EMFILE", failures.tooManyOpenFiles],
  ["ENFILE", failures.tooManyOpenFilesInSystem],
  ["ENOBUFS", failures.outOfMemory],
  ["ENOMEM", failures.outOfMemory],
  // Of epoll: no more descriptors may be waited for.
  ["ENOSPC", failures.outOfMemory],
]);

const connectFailures: ReadonlyMap<string, Failure> = new Map([
  ...lacks,
  ["ECONNREFUSED", failures.connectRefused],
  ["ETIMEDOUT", failures.connectTimeout],
  // Of unix sockets: nobody is waited for there.
  ["ENOENT", failures.socketMissing],
  ["ENOTDIR", failures.socketMissing],
  ["EAGAIN", failures.backlogFull],
  // The backend went away while it was connected to.
  ["ECONNRESET", failures.backendReset],
  ["ECONNABORTED", failures.backendReset],
  ["ENOTCONN", failures.backendReset],
  ["EHOSTUNREACH", failures.noRouteToHost],
  ["EHOSTDOWN", failures.noRouteToHost],
  ["ENETUNREACH", failures.networkUnreachable],
  ["ENETDOWN", failures.networkUnreachable],
  ["EADDRNOTAVAIL", failures.addressNotAvailable],
  ["EADDRINUSE", failures.addressNotAvailable],
  ["EAFNOSUPPORT", failures.addressFamilyUnsupported],
  ["EINVAL", failures.addressInvalid],
  ["EACCES", failures.permissionDenied],
  ["EPERM", failures.permissionDenied],
]);

/** The reason of a failed connect. */
export function connectFailure(errorName: string | undefined): Failure {
  return connectFailures.get(errorName ?? "") ?? failures.connectFailed;
}

/** What the system lacks, or null where the error says no such thing. */
export function lackOf(errorName: string | undefined): Failure | null {
  return lacks.get(errorName ?? "") ?? null;
}

/** The reason of a failed accept: the system lacks something, or this one connection was lost. */
export function acceptFailure(errorName: string | undefined): Failure {
  return lackOf(errorName) ?? failures.clientReset;
}
