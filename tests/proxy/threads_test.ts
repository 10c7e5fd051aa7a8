/**
 * `thread = 2`: two workers on one port, each with its own backend connections.
 *
 * @module
 */
import { AnsweringBackend } from "../support/fakes/answering_backend.ts";
import { startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { request } from "../support/clients/resp_text.ts";
import { assertEquals } from "../deps.ts";

const CLIENTS = 40;

Deno.test("two workers share the clients of a port, and each client its own answers", async () => {
  await using backend = new AnsweringBackend("only", findFreePort());
  await backend.listens();
  await using aster = await startAster((port) => `
    [[clusters]]
    name = "threads"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis"
    servers = ["${backend.address}:1"]
    thread = 2
    ${patientTimeouts()}
  `);
  const clients = [];
  for (let index = 0; index < CLIENTS; index++) {
    clients.push(await connectFakeClient(aster.port, { name: `client ${index}` }));
  }
  try {
    await Promise.all(clients.map(async (client, index) => {
      const asked = Array.from({ length: 20 }, (_, count) => request("ECHO", `${index}-${count}`));
      await client.sends(request("GET", `key${index}`), ...asked);
      await client.receives("+only\r\n");
      for (let count = 0; count < 20; count++) {
        const word = `${index}-${count}`;
        await client.receives(`$${word.length}\r\n${word}\r\n`);
      }
    }));
    assertEquals(backend.requests.length, CLIENTS);
    assertEquals(backend.connectionCount, 2, "one connection a worker");
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
});
