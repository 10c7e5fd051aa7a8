/**
 * Clients of a proxy with two workers, told apart by their ids.
 *
 * @module
 */
import { RespClient } from "../support/clients/resp_client.ts";

/** The bits of a client's id that are its worker's own. */
const IDS_OF_A_WORKER = 2 ** 40;

/**
 * A client of worker 0 and one of worker 1; the kernel decides where a connection goes.
 *
 * @param opened Gets every client that was connected on the way, to be closed.
 */
export async function clientsOfBothWorkers(
  port: number,
  opened: RespClient[],
): Promise<RespClient[]> {
  const found: RespClient[] = [];
  for (let attempt = 0; attempt < 100 && (!found[0] || !found[1]); attempt++) {
    const client = await RespClient.connect({ port });
    opened.push(client);
    found[Math.floor(Number(await client.call("CLIENT", "ID")) / IDS_OF_A_WORKER)] = client;
  }
  return found;
}
