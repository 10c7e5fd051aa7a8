import { assertEquals, clientLibraries } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { redisPoolConfig, startRedisPool } from "./redis_pool.ts";

const { createClient } = await clientLibraries.redis();
const { Redis } = await clientLibraries.ioredis();

Deno.test("the redis and ioredis libraries connect again after the proxy was away", async () => {
  await using pool = await startRedisPool();
  const { port } = pool.aster;
  const node = createClient({ url: `redis://127.0.0.1:${port}` });
  const io = new Redis(port, "127.0.0.1");
  // Without a listener an error would end the process; what matters shows in the commands.
  node.on("error", () => {});
  io.on("error", () => {});
  await node.connect();
  assertEquals(await node.set("a", "1"), "OK");
  assertEquals(await io.get("a"), "1");
  await pool.aster.stop();
  // Asked while nobody listens: both keep it until they are connected again.
  const asked = [io.get("a"), node.get("a")];
  await using _again = await startAster(() => redisPoolConfig(pool.servers, port));
  assertEquals(await withDeadline(Promise.all(asked), "both are answered", 20_000), ["1", "1"]);
  assertEquals(await io.incr("a"), 2);
  await io.quit();
  await node.close();
});
