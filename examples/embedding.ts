/**
 * The proxy inside another program. It needs no unstable feature, and the network only:
 *
 *     deno run --allow-net --allow-read --allow-env examples/embedding.ts 127.0.0.1:6380 127.0.0.1:6379
 *
 * @module
 */
import { parseConfig, start } from "../mod.ts";

const [listen, ...servers] = Deno.args;
const [first, ...others] = servers.map((address) => JSON.stringify(`${address}:1`));
if (first === undefined) throw new TypeError("Name where to listen, and the servers, as host:port");

function configuration(servers: readonly string[]): string {
  return `
[runtime]
metrics = "off"

[[clusters]]
name = "cache"
listen_addr = "${listen}"
cache_type = "redis"
servers = [${servers.join(", ")}]
`;
}

// One server at first. What is wrong with a configuration is thrown, all of it at once.
const proxy = await start(parseConfig(configuration([first])));
console.log(`serves on ${listen}`);

// Then the others: clients stay connected.
const problems = await proxy.reconfigure(parseConfig(configuration([first, ...others])));
console.log(`servers: ${1 + others.length}`, ...problems);

const { ready, clusters } = await proxy.status();
console.log(`ready: ${ready}`, JSON.stringify(clusters));
const requests = (await proxy.metrics()).split("\n")
  .find((line) => line.startsWith("aster_requests_total"));
console.log(requests);

// Answers what is in flight, lets the clients leave, and ends.
await proxy.drain();
