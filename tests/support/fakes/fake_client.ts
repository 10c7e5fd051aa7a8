/**
 * A client that a test script drives byte by byte.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { withDeadline } from "../tools/poll.ts";
import { Wire } from "../clients/wire.ts";

/** Connects to a proxy under test. */
export async function connectFakeClient(
  port: number,
  options: { hostname?: string; name?: string } = {},
): Promise<Wire> {
  const { hostname = "127.0.0.1", name = "client" } = options;
  const socket = connect({ host: hostname, port, allowHalfOpen: true, noDelay: true });
  await withDeadline(connected(socket), `${name} connects to ${hostname}:${port}`);
  return new Wire(name, socket);
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
    socket.once("error", reject);
  });
}
