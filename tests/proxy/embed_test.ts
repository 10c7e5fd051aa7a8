/**
 * The proxy inside this program, which shares no port: what takes a cluster's place listens where that did.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { parseConfig, start } from "../../src/embed.ts";
import { TestCa } from "../support/servers/certificates.ts";
import { startFakeBackend } from "../support/fakes/fake_backend.ts";
import { withFreePorts } from "../support/tools/free_port.ts";

for (const io of Deno.build.os === "linux" ? ["epoll", "deno"] : ["deno"]) {
  Deno.test(`a cluster is replaced at its own address, with TLS and without: ${io}`, async () => {
    using ca = new TestCa();
    const { certPath, keyPath } = ca.issue();
    await using backend = await startFakeBackend();
    await withFreePorts(1, async ([port]) => {
      const config = (name: string, more: string) =>
        parseConfig(`
[runtime]
io = "${io}"
metrics = "off"
[[clusters]]
name = "${name}"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["127.0.0.1:${backend.port}"]
${more}`);
      const tls = `tls = { cert = "${certPath}", key = "${keyPath}" }`;
      const proxy = await start(config("main", ""));
      const connect = (isTls: boolean) =>
        isTls
          ? Deno.connectTls({ hostname: "localhost", port: port!, caCerts: [ca.cert] })
          : Deno.connect({ hostname: "127.0.0.1", port: port! });
      const clients = [await connect(false)];
      try {
        assertEquals(await ping(clients[0]!), "+PONG\r\n");
        const steps: [name: string, more: string, isTls: boolean][] = [
          ["main", 'hash_tag = "{}"', false],
          ["main", tls, true],
          ["main", `${tls}\nhash_tag = "{}"`, true],
          ["main", "", false],
          ["other", "", false],
          ["main", tls, true],
        ];
        for (const [name, more, isTls] of steps) {
          assertEquals(await proxy.reconfigure(config(name, more)), []);
          clients.push(await connect(isTls));
          assertEquals(await ping(clients.at(-1)!), "+PONG\r\n");
        }
      } finally {
        for (const client of clients) client.close();
        await proxy.stop();
      }
    });
  });
}

async function ping(client: Deno.Conn): Promise<string> {
  await client.write(new TextEncoder().encode("*1\r\n$4\r\nPING\r\n"));
  const reply = new Uint8Array(64);
  return new TextDecoder().decode(reply.subarray(0, await client.read(reply) ?? 0));
}
