import { tcpEndpoint, unixEndpoint } from "../../../src/endpoint.ts";
import { failures } from "../../../src/failure.ts";
import { pairForName, portEndpoint, TlsError } from "../../../src/net/tls.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";

Deno.test("a name has its own pair, or that of all names below the next", () => {
  const named = new Map([["a.example", 1], ["*.b.example", 2], ["x.b.example", 3]]);
  for (
    const [name, pair] of [
      ["a.example", 1],
      ["A.Example.", 1],
      ["y.b.example", 2],
      ["x.b.example", 3],
      ["b.example", null],
      ["z.y.b.example", null],
      ["example", null],
      [".b.example", null],
      ["", null],
      [null, null],
    ] as const
  ) assertEquals(pairForName(named, name), pair, `${name}`);
});

Deno.test("without further pairs every client gets the one", () => {
  assertEquals(pairForName(new Map(), "a.example"), null);
});

Deno.test("an error of TLS has its reason, and what the library says", () => {
  const error = new TlsError(failures.tlsBackendFailed, "bad record mac");
  assertStrictEquals(error.failure, failures.tlsBackendFailed);
  assertEquals([error.name, error.message], ["TlsError", "bad record mac"]);
});

Deno.test("TLS is spoken at ports only", () => {
  const port = tcpEndpoint("127.0.0.1", 1);
  assertEquals(portEndpoint(port), port);
  assertThrows(() => portEndpoint(unixEndpoint("/run/a.sock")), Error, "not at unix sockets");
});
