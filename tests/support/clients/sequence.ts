/**
 * The end of a scripted sequence between a client, the proxy and its backends: proof that nothing is left
 * over on any side.
 *
 * ```ts ignore
 * await client.sends("GET key\r\n");
 * await backend.receives("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
 * await backend.sends("$5\r\nvalue\r\n");
 * await client.receives("$5\r\nvalue\r\n");
 * await bothSilent(client, backend, respRoundTrip);
 * ```
 *
 * @module
 */
import type { FakeBackend } from "../fakes/fake_backend.ts";
import type { Wire } from "./wire.ts";

/** One harmless request and its reply. */
export interface RoundTrip {
  /** What the client sends. */
  request: string;
  /** What the backend gets. */
  forwarded: string;
  /** What the backend answers and the client gets. */
  reply: string;
}

/** A GET of a key that is not there. */
export const respRoundTrip: RoundTrip = {
  request: "*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n",
  forwarded: "*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n",
  reply: "$-1\r\n",
};

/** A get of a key that is not there. */
export const memcacheRoundTrip: RoundTrip = {
  request: "get probe\r\n",
  forwarded: "get probe\r\n",
  reply: "END\r\n",
};

/**
 * Proves that neither side has got more than the script took: bytes that were under way would come before
 * those of one more round trip through the same connections. For a proxy with this one backend.
 */
export async function bothSilent(
  client: Wire,
  backend: FakeBackend,
  roundTrip: RoundTrip,
): Promise<void> {
  await client.sends(roundTrip.request);
  await backend.receives(roundTrip.forwarded);
  await backend.sends(roundTrip.reply);
  await client.receives(roundTrip.reply);
  await client.isSilent();
  await backend.isSilent();
}
