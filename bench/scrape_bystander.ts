/**
 * Clients that ask a proxy what it answers by itself, one request after the other: how long each waits. A worker of
 * `scrape.ts`, so that what that does delays nobody here.
 *
 * @module
 */
import { RespClient } from "../tests/support/clients/resp_client.ts";

/** Connections: each of two workers has some, almost surely. */
const CLIENTS = 6;

let isOver = false;

async function ask(port: number, pauseMs: number, waitsMs: number[]): Promise<void> {
  using client = await RespClient.connect({ port });
  while (!isOver) {
    const startMs = performance.now();
    await client.call("PING");
    waitsMs.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** This worker, as Deno's types do not know it here. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent) => Promise<void>;
  postMessage(message: unknown): void;
};

thread.onmessage = async ({ data }: MessageEvent) => {
  if (data === "stop") {
    isOver = true;
    return;
  }
  const waitsMs: number[] = [];
  await Promise.all(Array.from({ length: CLIENTS }, () => ask(data.port, data.pauseMs, waitsMs)));
  thread.postMessage(waitsMs);
};
