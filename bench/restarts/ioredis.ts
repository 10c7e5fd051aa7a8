/**
 * ioredis: `ioredis.ts HOST PORT`.
 *
 * @module
 */
import { clientLibraries } from "../../tests/deps.ts";
import { countUntilEnd } from "./count.ts";

const { Redis } = await clientLibraries.ioredis();
const [host, port] = Deno.args;
const client = new Redis({ host: host!, port: Number(port) });
client.on("error", () => {});
await countUntilEnd({
  set: (key, value) => client.set(key, value),
  get: (key) => client.get(key),
});
