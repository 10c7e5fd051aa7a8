import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals, assertThrows } from "../../deps.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { tryBindAll } from "../../../src/supervisor/trial_bind.ts";
import { findFreePort } from "../../support/free_port.ts";

const hostname = "127.0.0.1";

Deno.test("tryBindAll() leaves free addresses free", () => {
  const endpoint = tcpEndpoint(hostname, findFreePort());
  tryBindAll([{ endpoint, owner: 'cluster "a"' }]);
  tryBindAll([{ endpoint, owner: 'cluster "a"' }]);
  Deno.listen({ hostname, port: endpoint.port }).close();
});

Deno.test("tryBindAll() names every taken address and whose it is, also when its holder shares it", () => {
  const holders = [0, 0].map((port) => Deno.listen({ hostname, port, reusePort: true }));
  const [first, second] = holders.map(({ addr }) => addr.port);
  try {
    const error = assertThrows(
      () =>
        tryBindAll([
          { endpoint: tcpEndpoint(hostname, first!), owner: 'cluster "a"' },
          { endpoint: tcpEndpoint(hostname, findFreePort()), owner: 'cluster "b"' },
          { endpoint: tcpEndpoint(hostname, second!), owner: "the admin server" },
        ]),
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

Deno.test("tryBindAll() finds two clusters on one port, also through a wildcard address", () => {
  const port = findFreePort();
  const error = assertThrows(
    () =>
      tryBindAll([
        { endpoint: tcpEndpoint(hostname, port), owner: 'cluster "a"' },
        { endpoint: tcpEndpoint("0.0.0.0", port), owner: 'cluster "b"' },
      ]),
    StartError,
  );
  assertEquals(
    error.message,
    `Cannot listen on 0.0.0.0:${port} for cluster "b": address already in use`,
  );
});

Deno.test("tryBindAll() says when this machine has no such address", () => {
  const error = assertThrows(
    () => tryBindAll([{ endpoint: tcpEndpoint("192.0.2.1", 7), owner: 'cluster "a"' }]),
    StartError,
  );
  assertEquals(
    error.message,
    'Cannot listen on 192.0.2.1:7 for cluster "a": this machine has no such address',
  );
});
