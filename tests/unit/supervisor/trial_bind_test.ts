import { tcpEndpoint, unixEndpoint } from "../../../src/endpoint.ts";
import { assertEquals, assertRejects } from "../../deps.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { tryBindAll } from "../../../src/supervisor/trial_bind.ts";
import { findFreePort } from "../../support/tools/free_port.ts";

const hostname = "127.0.0.1";
const noTrial = () => null;

Deno.test("tryBindAll() leaves free addresses free", async () => {
  const endpoint = tcpEndpoint(hostname, findFreePort());
  await tryBindAll([{ endpoint, owner: 'cluster "a"' }], noTrial);
  await tryBindAll([{ endpoint, owner: 'cluster "a"' }], noTrial);
  Deno.listen({ hostname, port: endpoint.port }).close();
});

Deno.test("tryBindAll() names every taken address and whose it is, also when its holder shares it", async () => {
  const holders = [0, 0].map((port) => Deno.listen({ hostname, port, reusePort: true }));
  const [first, second] = holders.map(({ addr }) => addr.port);
  try {
    const error = await assertRejects(
      () =>
        tryBindAll([
          { endpoint: tcpEndpoint(hostname, first!), owner: 'cluster "a"' },
          { endpoint: tcpEndpoint(hostname, findFreePort()), owner: 'cluster "b"' },
          { endpoint: tcpEndpoint(hostname, second!), owner: "the admin server" },
        ], noTrial),
      StartError,
    );
    assertEquals(
      error.message,
      `Cannot listen on 127.0.0.1:${first} for cluster "a": address already in use\n` +
        `Cannot listen on 127.0.0.1:${second} for the admin server: address already in use`,
    );
  } finally {
    for (const holder of holders) holder.close();
  }
});

Deno.test("tryBindAll() finds two clusters on one port, also through a wildcard address", async () => {
  const port = findFreePort();
  const error = await assertRejects(
    () =>
      tryBindAll([
        { endpoint: tcpEndpoint(hostname, port), owner: 'cluster "a"' },
        { endpoint: tcpEndpoint("0.0.0.0", port), owner: 'cluster "b"' },
      ], noTrial),
    StartError,
  );
  assertEquals(
    error.message,
    `Cannot listen on 0.0.0.0:${port} for cluster "b": address already in use`,
  );
});

Deno.test("tryBindAll() says when this machine has no such address", async () => {
  const error = await assertRejects(
    () => tryBindAll([{ endpoint: tcpEndpoint("192.0.2.1", 7), owner: 'cluster "a"' }], noTrial),
    StartError,
  );
  assertEquals(
    error.message,
    'Cannot listen on 192.0.2.1:7 for cluster "a": this machine has no such address',
  );
});

Deno.test("tryBindAll() has unix sockets tried, and names those that are taken along with the ports", async () => {
  using holder = Deno.listen({ hostname, port: 0 });
  const { port } = holder.addr;
  const targets = [
    { endpoint: tcpEndpoint(hostname, port), owner: 'cluster "a"' },
    { endpoint: unixEndpoint("/run/b.sock"), owner: 'cluster "b"' },
    { endpoint: unixEndpoint("/run/c.sock"), owner: 'cluster "c"' },
  ];
  const error = await assertRejects(
    () => tryBindAll(targets, ({ path }) => path === "/run/b.sock" ? "it is taken" : null),
    StartError,
  );
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port} for cluster "a": address already in use\n` +
      'Cannot listen on unix:/run/b.sock for cluster "b": it is taken',
  );
});
