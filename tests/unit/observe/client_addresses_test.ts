import { tcpEndpoint, unixEndpoint } from "../../../src/endpoint.ts";
import {
  ADDRESSES_MAX,
  CLIENTS_LOOKED_AT_MAX,
  clientsByAddress,
  mergeAddresses,
} from "../../../src/observe/client_addresses.ts";
import { assertEquals } from "../../deps.ts";

function client(host: string, port: number, waitingBytes = 0) {
  return { peer: tcpEndpoint(host, port), output: { waitingBytes } };
}

Deno.test("clients are counted by host, most clients first, with what they have not taken", () => {
  const counted = clientsByAddress([
    client("10.0.0.1", 1),
    client("10.0.0.2", 1, 10),
    client("10.0.0.2", 2, 5),
    { peer: unixEndpoint("/run/a.sock"), output: { waitingBytes: 0 } },
    { peer: null, output: { waitingBytes: 1 } },
  ]);
  assertEquals(counted, [
    { address: "10.0.0.2", clients: 2, outputBytes: 15 },
    { address: "10.0.0.1", clients: 1, outputBytes: 0 },
    { address: "/run/a.sock", clients: 1, outputBytes: 0 },
    { address: "", clients: 1, outputBytes: 1 },
  ]);
  assertEquals(
    mergeAddresses([counted, [{ address: "10.0.0.1", clients: 4, outputBytes: 7 }]])[0],
    { address: "10.0.0.1", clients: 5, outputBytes: 7 },
  );
});

Deno.test("of many addresses the crowded ones are told, and who does not read", () => {
  const crowd = Array.from({ length: 2 * ADDRESSES_MAX }, (_, index) => [
    client(`10.0.1.${index}`, 1),
    client(`10.0.1.${index}`, 2),
  ]).flat();
  const counted = clientsByAddress([client("10.0.0.9", 1, 1_000), ...crowd]);
  assertEquals(counted.length, ADDRESSES_MAX + 1);
  assertEquals(counted.at(-1), { address: "10.0.0.9", clients: 1, outputBytes: 1_000 });
});

Deno.test("a worker looks at a bounded number of clients", () => {
  const many = function* () {
    for (let number = 0; number < 2 * CLIENTS_LOOKED_AT_MAX; number++) yield client("a", number);
  };
  assertEquals(clientsByAddress(many())[0]!.clients, CLIENTS_LOOKED_AT_MAX);
});
