/**
 * A first bind without port sharing: all later listeners share their port, so a second start by mistake
 * would otherwise split the clients between two proxies without a word.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, type TcpEndpoint, type UnixEndpoint } from "../endpoint.ts";
import { StartError } from "./start_error.ts";

/** An address to be listened on, and for whom. */
export interface BindTarget {
  endpoint: Endpoint;
  /** As errors name it, such as `cluster "cache"`. */
  owner: string;
}

/** Why a unix socket cannot be listened at; null: nothing is known to hinder it. */
export type UnixTrial = (endpoint: UnixEndpoint) => string | null | Promise<string | null>;

/**
 * Binds every port, all at once so that they also exclude each other, and closes them again; looks whether anybody
 * listens at the unix sockets.
 *
 * @throws {StartError} Naming each address that cannot be bound, its owner and the reason.
 */
export async function tryBindAll(
  targets: readonly BindTarget[],
  tryUnix: UnixTrial,
): Promise<void> {
  const problems = tryPorts(targets);
  for (const { endpoint, owner } of targets) {
    const fault = endpoint.kind === "unix" ? await tryUnix(endpoint) : null;
    if (fault !== null) problems.push(bindFailure(endpoint, owner, fault));
  }
  if (problems.length > 0) throw new StartError(...problems);
}

function tryPorts(targets: readonly BindTarget[]): string[] {
  const listeners: Deno.Listener[] = [];
  const problems: string[] = [];
  for (const { endpoint, owner } of targets) {
    if (endpoint.kind === "unix" || endpoint.port === 0) continue;
    const { hostname, port } = endpoint;
    try {
      listeners.push(Deno.listen({ hostname, port }));
    } catch (error) {
      problems.push(describeBindFailure(endpoint, owner, error));
    }
  }
  for (const listener of listeners) listener.close();
  return problems;
}

/** Whether somebody listens on a port that this process has left. */
export function isTaken({ hostname, port }: TcpEndpoint): boolean {
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
  return bindFailure(endpoint, owner, bindReason(error));
}

function bindFailure(endpoint: Endpoint, owner: string, reason: string): string {
  return `Cannot listen on ${formatEndpoint(endpoint)} for ${owner}: ${reason}`;
}

function bindReason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "address already in use";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system does not permit it (ports below 1024 need a privilege)";
  }
  return error instanceof Error ? error.message : String(error);
}
