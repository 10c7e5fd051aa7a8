/**
 * A worker with the rights that the proxy gives its workers on Deno's sockets reaches its own servers and nothing else:
 * no other address, no file, no program, no library. On epoll it may call the C library, which Deno's rights do not
 * bind (docs/security.md); what it is given besides is looked at all the same.
 *
 * @module
 */
import { tcpEndpoint } from "../../src/endpoint.ts";
import { workerPermissions } from "../../src/supervisor/worker_permissions.ts";
import { assertEquals } from "../deps.ts";
import { clusterConfig, serverAt } from "../support/rigs/cluster_config.ts";
import { withDeadline } from "../support/tools/poll.ts";
import type { Outcomes, Probe } from "../support/programs/probing_worker.ts";
import { testIoChoice } from "../support/tools/test_engine.ts";

const PROBING = new URL("../support/programs/probing_worker.ts", import.meta.url);

Deno.test("a worker reaches its own servers, and nothing else", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using foreign = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const directory = await Deno.makeTempDir();
  const file = `${directory}/file`;
  await Deno.writeTextFile(file, "kept");
  const config = clusterConfig({
    listen: tcpEndpoint("127.0.0.1", server.addr.port),
    servers: [serverAt(server.addr.port)],
  });
  const io = testIoChoice();
  const permissions = workerPermissions([config], "config", io);
  const worker = new Worker(PROBING, { type: "module", deno: { permissions } });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Outcomes>();
    worker.onmessage = ({ data }: MessageEvent<Outcomes>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    const probe: Probe = {
      allowed: { hostname: "127.0.0.1", port: server.addr.port },
      foreign: { hostname: "127.0.0.1", port: foreign.addr.port },
      file,
    };
    worker.postMessage(probe);
    const outcomes = await withDeadline(promise, "the worker has tried everything");
    const {
      "connect to its server": own,
      "load a library": library,
      "import code": code,
      ...others
    } = outcomes;
    // Deno says it of the module, not of the right.
    assertEquals(code, "TypeError");
    // On epoll its sockets are the C library's.
    assertEquals(
      [own, library],
      io.engine === "deno" ? ["done", "NotCapable"] : ["NotCapable", library],
    );
    assertEquals(
      Object.entries(others).filter(([, outcome]) => outcome !== "NotCapable"),
      [],
    );
    assertEquals(Object.keys(others).length, 13);
    assertEquals(await Deno.readTextFile(file), "kept");
  } finally {
    worker.terminate();
    await Deno.remove(directory, { recursive: true });
  }
});
