/**
 * Pause and resume of memcached servers, under load: nothing fails.
 */
import { assert, assertEquals } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { MemcacheText } from "./memcache_text.ts";

const KEYS = Array.from({ length: 30 }, (_, index) => `user:${index * 7919}:name`);

Deno.test("pause, kill and replace a memcached, resume: no error", async () => {
  await using pool = await startMemcachePool({ metrics: true, keys: "thread = 2" });
  const post = async (path: string) => {
    const url = `http://127.0.0.1:${pool.aster.metricsPort}${path}`;
    const response = await fetch(url, { method: "POST" });
    return [response.status, await response.json()];
  };
  const wrong: string[] = [];
  let rounds = 0;
  let isOver = false;
  const loads = Array.from({ length: 8 }, async () => {
    using client = await MemcacheText.connect(pool.aster.port);
    while (!isOver) {
      const stored = await client.ask(KEYS.map((key) => `set ${key} 0 0 3\r\nnew\r\n`));
      for (const reply of stored) if (reply !== "STORED") wrong.push(reply);
      const read = await client.ask([`get ${KEYS.join(" ")}\r\n`], "END\r\n");
      for (const reply of read) if (reply.includes("ERROR")) wrong.push(reply);
      rounds += 1;
    }
  });
  const flow = async () => {
    const before = rounds;
    await until(() => rounds > before + 16, { what: "the load goes on" });
  };
  const server = pool.servers[1]!;
  for (const query of ["", `?server=${server.address}`]) {
    await flow();
    const [status, answer] = await post(`/pause${query}`);
    assertEquals([status, answer.in_flight], [200, 0], JSON.stringify(answer));
    const before = rounds;
    await server.kill();
    await server.start();
    assert(rounds <= before + 8, "nobody's requests are done while one server is paused");
    assertEquals(await post(`/resume${query}`), [200, { paused: false }]);
  }
  await flow();
  isOver = true;
  await withDeadline(Promise.all(loads), "the loads end");
  assertEquals(wrong, []);
});
