/**
 * Whether unix sockets are free to be listened at, on Deno's sockets. Their files alone do not say: a process that was
 * killed leaves its own.
 *
 * @module
 */
import {
  formatEndpoint,
  unixAsidePath,
  unixBindPath,
  type UnixEndpoint,
  unixEndpoint,
  unixWorkshop,
} from "../../endpoint.ts";

/** Why a unix socket cannot be listened at, as far as that can be seen ahead; null: nothing is known to hinder it. */
export async function unixFault({ path }: UnixEndpoint): Promise<string | null> {
  const missing = missingGrants(path);
  if (missing.length > 0) return `the process lacks ${missing.join(", ")} for it`;
  return await isServedAt(path) ? "address already in use" : null;
}

/** Whether somebody listens at a path, as far as this process may find out. */
export async function isServedAt(path: string): Promise<boolean> {
  return missingGrants(path).length === 0 && await answers(path);
}

async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    const isFree = error instanceof Deno.errors.ConnectionRefused ||
      error instanceof Deno.errors.NotFound;
    // Whoever has too many waiting to be accepted is there as well.
    return !isFree;
  }
}

/** Removes what a process has left that died when it was about to listen at `path`. */
export async function clearAbandoned(path: string): Promise<void> {
  const workshop = unixWorkshop(path);
  if (missingGrants(path).length > 0 || !exists(workshop)) return;
  if (!await answers(unixAsidePath(path))) await Deno.remove(workshop, { recursive: true });
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Deno asks on a terminal for what is not granted, and everything stands still meanwhile. */
function missingGrants(path: string): string[] {
  const grants: [flag: string, Deno.PermissionDescriptor][] = [
    ["--allow-net", { name: "net", host: formatEndpoint(unixEndpoint(path)) }],
    ["--allow-net", { name: "net", host: formatEndpoint(unixEndpoint(unixBindPath(path))) }],
    ["--allow-net", { name: "net", host: formatEndpoint(unixEndpoint(unixAsidePath(path))) }],
    ["--allow-read", { name: "read", path }],
    ["--allow-read", { name: "read", path: unixWorkshop(path) }],
    ["--allow-write", { name: "write", path }],
    ["--allow-write", { name: "write", path: unixWorkshop(path) }],
  ];
  const missing = grants.filter(([, descriptor]) =>
    Deno.permissions.querySync(descriptor).state !== "granted"
  );
  return [...new Set(missing.map(([flag]) => flag))];
}
