/**
 * How long another client's GET takes while somebody asks for much at once: a table of percentiles for each kind
 * of abuse, on both engines, and what the proxy's memory has grown to.
 *
 * ```text
 *   deno run -A bench/abuse/main.ts [ping] [part of a name …]
 * ```
 *
 * @module
 */
import { RespClient } from "../../tests/support/clients/resp_client.ts";
import { startRedisBackends } from "../backends.ts";
import { startAster, WORKING_TREE } from "../proxies.ts";
import { ENGINES } from "../rows.ts";
import { type AbuserOrder, ABUSERS } from "./abusers.ts";

/** Rounds of each, the first of which compiles what is hot and does not count. */
const ROUNDS = 3;
/** Pause between two requests of the bystander, milliseconds. */
const PAUSE_MS = 1;
/** Another client's longest wait at the 99th percentile, milliseconds. */
const TARGET_MS = 50;
/** A round that takes longer has failed, milliseconds. */
const ROUND_MAX_MS = 60_000;

/** With `ping` as the first word the bystander asks what the proxy answers itself: servers stall, too. */
const isPing = Deno.args[0] === "ping";
const asked = isPing ? ["PING"] : ["GET", "bystander"];
const parts = isPing ? Deno.args.slice(1) : Deno.args;

/** What the bystander saw. */
interface Seen {
  readonly waitsMs: readonly number[];
  readonly roundsMs: readonly number[];
  readonly failure: string | null;
}

/** Has one abuser play its rounds, while another client asks. */
async function watch(order: AbuserOrder): Promise<Seen> {
  const worker = new Worker(new URL("./abusers.ts", import.meta.url), { type: "module" });
  using bystander = await RespClient.connect({ port: order.port });
  await bystander.call("SET", "bystander", "x");
  const waitsMs: number[] = [];
  const roundsMs: number[] = [];
  let failure: string | null = null;
  for (let round = 0; round < ROUNDS && failure === null; round++) {
    let isOver = false;
    const begunMs = performance.now();
    const ended = new Promise<string | null>((resolve) => {
      const timer = setTimeout(() => resolve("never ended"), ROUND_MAX_MS);
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        resolve(data);
      };
    }).then((result) => {
      isOver = true;
      failure = result;
    });
    worker.postMessage(order);
    // What a round leaves behind is watched for a while, too.
    for (let endMs = Infinity; performance.now() < endMs;) {
      const startedMs = performance.now();
      await bystander.call(...asked);
      if (round > 0) waitsMs.push(performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (isOver && endMs === Infinity) endMs = performance.now() + 300;
    }
    await ended;
    roundsMs.push(performance.now() - begunMs - 300);
  }
  worker.terminate();
  return { waitsMs: waitsMs.toSorted((one, other) => one - other), roundsMs, failure };
}

function row(engine: string, name: string, { waitsMs, roundsMs, failure }: Seen, rss: number) {
  const at = (share: number) => waitsMs[Math.floor(share * (waitsMs.length - 1))] ?? NaN;
  const cells = [
    engine,
    name,
    ...[at(0.5), at(0.99), at(1)].map((value) => value.toFixed(1)),
    failure ?? (roundsMs.at(-1)! / 1000).toFixed(2),
    (rss / 2 ** 20).toFixed(0),
    at(0.99) < TARGET_MS ? "yes" : "NO",
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

console.log("| engine | abuser | p50 ms | p99 ms | max ms | a round, s | RSS MiB | p99 < 50 ms |");
console.log("| ------ | ------ | -----: | -----: | -----: | ---------: | ------: | ----------- |");
const wanted = Object.keys(ABUSERS).filter((name) =>
  parts.length === 0 || parts.some((part) => name.includes(part))
);
for (const engine of ENGINES) {
  for (const name of wanted) {
    await using backends = await startRedisBackends();
    const options = { name: "aster", suite: "redis", engine, backends } as const;
    await using proxy = await startAster(options, WORKING_TREE);
    const serverPort = Number(backends.addresses[0]!.split(":")[1]);
    const seen = await watch({ name, port: proxy.port, serverPort });
    row(engine, name, seen, await residentBytes(proxy.pid));
  }
}
