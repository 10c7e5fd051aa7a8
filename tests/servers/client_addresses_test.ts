/**
 * `/clients` in front of real servers: the clients of both workers by address, and who does not read.
 */
import { assert, assertEquals } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { startRedisPool } from "./redis_pool.ts";

const VALUE_BYTES = 1_000_000;
const READS = 40;

Deno.test("/clients has the clients of all workers by address, and what they leave unread", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "thread = 2" });
  const addresses = async () => {
    const response = await fetch(`http://127.0.0.1:${pool.aster.metricsPort}/clients`);
    const { clusters: [{ addresses }] } = await response.json();
    return addresses as { address: string; clients: number; outputBytes: number }[];
  };
  assertEquals(await addresses(), []);
  const opened: RespClient[] = [];
  try {
    const [first] = await clientsOfBothWorkers(pool.aster.port, opened);
    await first!.call("SET", "large", "v".repeat(VALUE_BYTES));
    assertEquals(await addresses(), [
      { address: "127.0.0.1", clients: opened.length, outputBytes: 0 },
    ]);
    using other = await Deno.connect({ port: pool.aster.port, hostname: "127.0.0.1" });
    const asked = encodeCommand(["GET", "large"]);
    for (let read = 0; read < READS; read++) await other.write(asked);
    await until(async () => (await addresses())[0]!.outputBytes > VALUE_BYTES, {
      what: "what it does not read is seen",
    });
    const [one] = await addresses();
    assertEquals(one!.clients, opened.length + 1);
    assert(one!.outputBytes < READS * (VALUE_BYTES + 100));
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});
