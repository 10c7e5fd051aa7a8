/**
 * What the proxy counts of requests, by server and command, equals what the servers count themselves, over both workers
 * and under mixed load.
 */
import { assert, assertEquals } from "../deps.ts";
import { RespClient, RespError } from "../support/resp_client.ts";
import type { RedisServer } from "../support/redis_server.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { readMetric } from "./metrics.ts";
import { startRedisPool } from "./redis_pool.ts";

const CLIENTS = 12;
const ROUNDS = 40;
/** Commands of the load that the proxy never sends by itself. */
const COMMANDS = ["get", "set", "mget", "mset", "del", "incr", "hset", "hgetall", "lpush", "eval"];

async function callsOf(server: RedisServer): Promise<Map<string, number>> {
  const text = String(await server.call("INFO", "commandstats"));
  return new Map(
    [...text.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map((match) => [
      match[1]!,
      Number(match[2]),
    ]),
  );
}

async function bytesOf(server: RedisServer): Promise<{ in: number; out: number }> {
  const text = String(await server.call("INFO", "stats"));
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(text)![1]);
  return { in: read("total_net_input_bytes"), out: read("total_net_output_bytes") };
}

async function load(client: RespClient, tag: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: 6 }, (_, index) => `${tag}:${round % 7}:${index * 7_919}`);
    const replies = await client.pipeline([
      ["SET", keys[0]!, "v".repeat(round * 10)],
      ["GET", keys[0]!],
      ["MSET", ...keys.flatMap((key) => [key, String(round)])],
      ["MGET", ...keys],
      ["INCR", keys[1]!],
      ["HSET", `${tag}:h`, "f", "v"],
      ["HGETALL", `${tag}:h`],
      ["LPUSH", keys[2]!, "x"],
      ["EVAL", "return redis.call('GET', KEYS[1])", 1, keys[3]!],
      ["DEL", ...keys],
    ]);
    // LPUSH to a string is an error, and counts as a call all the same.
    assertEquals(replies.filter((reply) => reply instanceof RespError).length, 1);
  }
}

Deno.test("requests are counted by server and command as the servers count them", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "thread = 2" });
  const opened: RespClient[] = [];
  try {
    await clientsOfBothWorkers(pool.aster.port, opened);
    while (opened.length < CLIENTS) {
      opened.push(await RespClient.connect({ port: pool.aster.port }));
    }
    const before = await Promise.all(pool.servers.map(callsOf));
    const bytesBefore = await Promise.all(pool.servers.map(bytesOf));
    await Promise.all(opened.map((client, index) => load(client, `t${index}`)));
    const after = await Promise.all(pool.servers.map(callsOf));
    const bytesAfter = await Promise.all(pool.servers.map(bytesOf));
    let total = 0;
    for (const [index, server] of pool.servers.entries()) {
      const backend = `backend="${server.address}"`;
      const read = (name: string, ...labels: string[]) =>
        readMetric(pool.aster, name, backend, ...labels);
      let requests = 0;
      for (const command of COMMANDS) {
        const calls = (after[index]!.get(command) ?? 0) - (before[index]!.get(command) ?? 0);
        // The script's own GET is the server's, not a client's.
        const own = command === "get" ? after[index]!.get("eval") ?? 0 : 0;
        const name = "aster_request_duration_seconds_count";
        const counted = await read(name, `command="${command}"`);
        assertEquals(counted, calls - own, `${command} at ${server.address}`);
        requests += counted;
      }
      assertEquals(await read("aster_server_duration_seconds_count"), requests);
      assertEquals(await read("aster_queue_duration_seconds_count"), requests);
      const [all, queue, atServer] = await Promise.all([
        read("aster_request_duration_seconds_sum"),
        read("aster_queue_duration_seconds_sum"),
        read("aster_server_duration_seconds_sum"),
      ]);
      assert(Math.abs(all - queue - atServer) < 1e-6 * requests, `${all} ${queue} ${atServer}`);
      // Of the bytes some are the proxy's and the test's own questions.
      const sent = await read("aster_backend_sent_bytes_total");
      const received = await read("aster_backend_received_bytes_total");
      const taken = bytesAfter[index]!.in - bytesBefore[index]!.in;
      const given = bytesAfter[index]!.out - bytesBefore[index]!.out;
      assert(Math.abs(sent - taken) < 2_000, `${sent} bytes sent, ${taken} taken`);
      assert(Math.abs(received - given) < 20_000, `${received} bytes received, ${given} given`);
      total += requests;
    }
    assert(total > CLIENTS * ROUNDS * COMMANDS.length, String(total));
    assertEquals(await readMetric(pool.aster, "aster_backend_queued_requests"), 0);
    const clientBytes = await readMetric(pool.aster, "aster_client_received_bytes_total");
    assert(clientBytes > 0);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});
