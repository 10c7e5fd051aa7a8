/**
 * node-redis: `node_redis.ts HOST PORT RESP`.
 *
 * @module
 */
import { clientLibraries } from "../../tests/deps.ts";
import { countUntilEnd } from "./count.ts";

const { createClient } = await clientLibraries.redis();
const [host, port, resp] = Deno.args;
const client = createClient({ url: `redis://${host}:${port}`, RESP: resp === "3" ? 3 : 2 });
// Without a listener the library's errors end the program.
client.on("error", () => {});
await client.connect();
await countUntilEnd({
  set: (key, value) => client.set(key, value),
  get: (key) => client.get(key),
});
