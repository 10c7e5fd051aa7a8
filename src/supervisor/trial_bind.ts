/**
 * A first bind without port sharing: all later listeners share their port, so a second start by mistake
 * would otherwise split the clients between two proxies without a word.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { StartError } from "./start_error.ts";

/** An address to be listened on, and for whom. */
export interface BindTarget {
  endpoint: Endpoint;
  /** As errors name it, such as `cluster "cache"`. */
  owner: string;
}

/**
 * Binds every address, all at once so that they also exclude each other, and closes them again.
 *
 * @throws {StartError} Naming each address that cannot be bound, its owner and the reason.
 */
export function tryBindAll(targets: readonly BindTarget[]): void {
  const listeners: Deno.Listener[] = [];
  const problems: string[] = [];
  for (const { endpoint, owner } of targets) {
    const { hostname, port } = endpoint;
    if (port === 0) continue;
    try {
      listeners.push(Deno.listen({ hostname, port }));
    } catch (error) {
      problems.push(describeBindFailure(endpoint, owner, error));
    }
  }
  for (const listener of listeners) listener.close();
  if (problems.length > 0) throw new StartError(...problems);
}

/** Whether somebody listens on an address that this process has left. */
export function isTaken({ hostname, port }: Endpoint): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
}

/** Says which address could not be bound, by whom, and why. */
export function describeBindFailure(
  endpoint: Endpoint,
  owner: string,
  error: unknown,
): string {
  return `Cannot listen on ${formatEndpoint(endpoint)} for ${owner}: ${bindReason(error)}`;
}

function bindReason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "address already in use";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system does not permit it (ports below 1024 need a privilege)";
  }
  return error instanceof Error ? error.message : String(error);
}
