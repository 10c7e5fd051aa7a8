/**
 * Ports for servers that must be told their port.
 *
 * They lie below the range from which Linux takes the local ports of outgoing connections (from 32768), so
 * nothing takes the port of a server while a test has it killed. Test files that run at the same time draw
 * from shares of their own where whoever runs them says so. Others may still draw the same port at the same
 * moment: whoever starts a server tries again with another.
 *
 * @module
 */

/** Name of the environment variable that gives this process its share of the ports: a number from 0. */
export const PORT_SHARE_VARIABLE = "ASTER_TEST_PORT_SHARE";

const FIRST_PORT = 10_240;
const LAST_PORT = 31_999;
const SHARES = 8;
const SHARE_PORTS = Math.floor((LAST_PORT - FIRST_PORT + 1) / SHARES);
const DRAWS_MAX = 200;

/** How often {@link withFreePorts} tries. */
const ATTEMPTS_MAX = 5;

/** A server did not start since somebody else has its port. */
export class PortTaken extends Error {
  override name = "PortTaken";
}

const given = new Set<number>();

/** A loopback port on which nobody listens now; no two calls of one process give the same. */
export function findFreePort(): number {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const port = drawPort();
    if (given.has(port) || !isFree(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`Found no free port in ${DRAWS_MAX} draws`);
}

function drawPort(): number {
  const share = Deno.env.get(PORT_SHARE_VARIABLE) ?? "";
  const [first, count] = share === ""
    ? [FIRST_PORT, SHARES * SHARE_PORTS]
    : [FIRST_PORT + (Number(share) % SHARES) * SHARE_PORTS, SHARE_PORTS];
  return first + Math.floor(Math.random() * count);
}

/** Whether `port` can be bound on 127.0.0.1 now. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/**
 * Calls `start` with free ports, again with others as long as it throws {@link PortTaken}.
 *
 * @param count Number of ports.
 */
export async function withFreePorts<Started>(
  count: number,
  start: (ports: number[]) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(Array.from({ length: count }, findFreePort));
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
