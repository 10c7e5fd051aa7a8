/**
 * What single clients can do to a proxy that others use: the rows of the table of `abusers.ts`. A row is added by
 * one more entry of {@link ABUSERS}; it runs in a thread of its own, so that what it costs there delays nobody here.
 *
 * @module
 */
import { slotOf } from "../src/hash/mod.ts";
import { SLOT_COUNT } from "../tests/support/servers/redis_cluster.ts";
import { encodeCommand } from "../tests/support/clients/resp_client.ts";
import { delay } from "../tests/support/tools/poll.ts";
import { resetBeforeAccept } from "../tests/support/clients/unaccepted_connections.ts";
import type { Suite } from "./rows.ts";

/** One kind of misbehaviour. */
export interface Abuser {
  /** Its name on the command line, such as `mget`. */
  readonly id: string;
  /** What it does, for the table. */
  readonly what: string;
  /** What the proxy stands in front of. */
  readonly suite: Suite;
  /** Whether the others connect for each request: what new clients notice is what matters. */
  readonly meetsNewClients?: boolean;
  /** Misbehaves through the proxy on `port`, without end: its thread is ended from outside. */
  act(port: number): Promise<unknown>;
}

const encoder = new TextEncoder();
const READ_BYTES = 256 * 1024;

/** A connection to the proxy. */
export function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** Writes all of it. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

/** Reads and drops `byteCount` bytes; ends early where the connection does. */
export async function skip(connection: Deno.TcpConn, byteCount: number): Promise<void> {
  const room = new Uint8Array(READ_BYTES);
  for (let left = byteCount; left > 0;) {
    const count = await connection.read(room);
    if (count === null) return;
    left -= count;
  }
}

/** Sends `batch` again and again, each time when the `replyBytes` of all replies to the last one are there. */
export async function repeat(port: number, batch: Uint8Array, replyBytes: number): Promise<void> {
  const connection = await connect(port);
  for (;;) {
    await Promise.all([writeAll(connection, batch), skip(connection, replyBytes)]);
  }
}

/** So many clients that do the same. */
export function several(count: number, act: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, act));
}

/** The same bytes `count` times. */
export function times(count: number, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(count * bytes.length);
  for (let index = 0; index < count; index++) all.set(bytes, index * bytes.length);
  return all;
}

/** A key of each slot of a Redis Cluster, none of which is set. */
function keyOfEachSlot(): string[] {
  const keys: string[] = new Array(SLOT_COUNT);
  for (let number = 0, found = 0; found < SLOT_COUNT; number++) {
    const key = encoder.encode(`none${number}`);
    const slot = slotOf(key, 0, key.length);
    if (keys[slot] !== undefined) continue;
    keys[slot] = `none${number}`;
    found += 1;
  }
  return keys;
}

/** An array of `count` nulls. */
function nullsBytes(count: number): number {
  return `*${count}\r\n`.length + count * "$-1\r\n".length;
}

function wideGets(clients: number, pipeline: number): (port: number) => Promise<unknown> {
  return (port) => {
    const request = encodeCommand(["MGET", ...keyOfEachSlot()]);
    const batch = times(pipeline, request);
    return several(clients, () => repeat(port, batch, pipeline * nullsBytes(SLOT_COUNT)));
  };
}

/** Keys in no server; a pool's servers each get a share of them. */
const manyKeys = (count: number) => Array.from({ length: count }, (_, index) => `none${index}`);

/** Every row, in the order of the table. */
export const ABUSERS: readonly Abuser[] = [
  { id: "nobody", what: "nobody", suite: "redis", act: () => Promise.resolve() },
  {
    id: "mget-slots-1",
    what: "1 client, MGET over 16,384 slots, 40 pipelined",
    suite: "redis_cluster",
    act: wideGets(1, 40),
  },
  {
    id: "mget-slots-8",
    what: "8 clients, MGET over 16,384 slots, 40 pipelined each",
    suite: "redis_cluster",
    act: wideGets(8, 40),
  },
  {
    id: "mget-long",
    what: "1 client, MGET of 500,000 keys",
    suite: "redis",
    act: (port) => {
      const batch = encodeCommand(["MGET", ...manyKeys(500_000)]);
      return repeat(port, batch, nullsBytes(500_000));
    },
  },
  {
    id: "get-pipeline",
    what: "8 clients, 10,000 GET pipelined each",
    suite: "redis",
    act: (port) => {
      const batch = times(10_000, encodeCommand(["GET", "none"]));
      return several(8, () => repeat(port, batch, 10_000 * "$-1\r\n".length));
    },
  },
  {
    id: "ping-pipeline",
    what: "8 clients, 10,000 PING pipelined each",
    suite: "redis",
    act: (port) => {
      const batch = times(10_000, encodeCommand(["PING"]));
      return several(8, () => repeat(port, batch, 10_000 * "+PONG\r\n".length));
    },
  },
  {
    id: "dbsize",
    what: "8 clients, 2,000 DBSIZE pipelined each",
    suite: "redis_cluster",
    act: (port) => {
      const batch = times(2_000, encodeCommand(["DBSIZE"]));
      return several(8, () => repeat(port, batch, 2_000 * ":0\r\n".length));
    },
  },
  {
    id: "client-list",
    what: "1 client, CLIENT LIST of 2,000 clients, 100 pipelined",
    suite: "redis",
    act: async (port) => {
      const others: Deno.TcpConn[] = [];
      while (others.length < 2_000) others.push(await connect(port));
      await repeat(port, times(100, encodeCommand(["CLIENT", "LIST"])), 100 * 2_000 * 150);
    },
  },
  {
    id: "resets",
    what:
      "100 clients that reset before they are accepted, 20 times a second; the others connect anew",
    suite: "redis",
    meetsNewClients: true,
    act: async (port) => {
      for (;;) {
        resetBeforeAccept(port, 100);
        await delay(50);
      }
    },
  },
  {
    id: "unread",
    what: "8 clients that write GETs and read nothing",
    suite: "redis",
    act: (port) => {
      const batch = times(10_000, encodeCommand(["GET", "none"]));
      return several(8, async () => {
        for (;;) {
          const connection = await connect(port);
          try {
            for (;;) await writeAll(connection, batch);
          } catch {
            connection.close();
          }
        }
      });
    },
  },
];
