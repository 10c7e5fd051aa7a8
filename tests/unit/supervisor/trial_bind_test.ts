import { assertEquals, assertThrows } from "../../deps.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { tryBindAll } from "../../../src/supervisor/trial_bind.ts";
import { findFreePort } from "../../support/free_port.ts";

const hostname = "127.0.0.1";

Deno.test("tryBindAll() leaves free addresses free", () => {
  const address = { hostname, port: findFreePort() };
  tryBindAll([{ address, owner: 'cluster "a"' }]);
  tryBindAll([{ address, owner: 'cluster "a"' }]);
  Deno.listen(address).close();
});

Deno.test("tryBindAll() names every taken address and whose it is, also when its holder shares it", () => {
  const holders = [0, 0].map((port) => Deno.listen({ hostname, port, reusePort: true }));
  const [first, second] = holders.map(({ addr }) => addr.port);
  try {
    const error = assertThrows(
      () =>
        tryBindAll([
          { address: { hostname, port: first! }, owner: 'cluster "a"' },
          { address: { hostname, port: findFreePort() }, owner: 'cluster "b"' },
          { address: { hostname, port: second! }, owner: "the admin server" },
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
        { address: { hostname, port }, owner: 'cluster "a"' },
        { address: { hostname: "0.0.0.0", port }, owner: 'cluster "b"' },
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
    () => tryBindAll([{ address: { hostname: "192.0.2.1", port: 7 }, owner: 'cluster "a"' }]),
    StartError,
  );
  assertEquals(
    error.message,
    'Cannot listen on 192.0.2.1:7 for cluster "a": this machine has no such address',
  );
});
