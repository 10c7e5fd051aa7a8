import { ClusterTls, serverMaterial } from "../../../src/cluster/cluster_tls.ts";
import type { TlsCertificates } from "../../../src/config/config.ts";
import type { IoEngine } from "../../../src/net/io_engine.ts";
import { TICKET_KEY_BYTES } from "../../../src/net/tls.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

const file = (pem: string) => ({ path: `${pem}.pem`, pem });
const seed = new Uint8Array(32).fill(1);

function certificates(pem: string): TlsCertificates {
  return {
    pair: { cert: file(pem), key: file(`${pem} key`) },
    named: [{ name: "a.example", pair: { cert: file("a"), key: file("a key") } }],
    clientCa: file("ca"),
    minVersion: "1.3",
  };
}

function settings(pem: string) {
  return clusterConfig({
    tls: { listen: null, userFrom: null },
    certificates: certificates(pem),
    backendTls: { serverName: "cache", isInsecure: false },
    backendCertificates: { ca: null, pair: { cert: file("own"), key: file("own key") } },
  });
}

/** An engine that says what it was told. */
function recordingEngine(told: unknown[]): IoEngine {
  const made = (what: string) => (material: unknown) => {
    told.push([what, material]);
    return {
      replace(next: unknown) {
        if (JSON.stringify(next).includes("bad")) throw new Error("does not fit");
        told.push([`${what} again`, next]);
      },
      close: () => told.push(`${what} closed`),
    };
  };
  return { tlsServer: made("server"), tlsClient: made("client") } as unknown as IoEngine;
}

Deno.test("the engine is told of the texts, and of nothing that did not change", () => {
  const told: unknown[] = [];
  const tls = new ClusterTls(recordingEngine(told), settings("one"), seed);
  assertEquals(told, [
    ["server", {
      pair: { cert: "one", key: "one key" },
      named: [{ name: "a.example", pair: { cert: "a", key: "a key" } }],
      clientCa: "ca",
      minVersion: "1.3",
      ticketKey: serverMaterial(settings("one"), seed)!.ticketKey,
    }],
    ["client", {
      ...{ ca: null, serverName: "cache", isInsecure: false },
      pair: { cert: "own", key: "own key" },
    }],
  ]);
  assertEquals(tls.replace(settings("one")), false);
  assertEquals(told.length, 2);
  assertEquals(tls.replace(settings("two")), true);
  assertEquals(told.slice(2).map((line) => (line as string[])[0]), [
    "server again",
    "client again",
  ]);
  tls.close();
  assertEquals(told.slice(4), ["server closed", "client closed"]);
});

Deno.test("what the engine does not take is tried again the next time", () => {
  const told: unknown[] = [];
  const tls = new ClusterTls(recordingEngine(told), settings("one"), seed);
  assertThrows(() => tls.replace(settings("bad")), Error, "does not fit");
  assertThrows(() => tls.replace(settings("bad")), Error, "does not fit");
  assertEquals(tls.replace(settings("two")), true);
});

Deno.test("keys of tickets are alike in all workers, and others under other certificates", () => {
  const keyOf = (pem: string, name = "test", by = seed) =>
    String(serverMaterial({ ...settings(pem), name }, by)!.ticketKey);
  assertEquals(keyOf("one"), keyOf("one"));
  const keys = [keyOf("one"), keyOf("two"), keyOf("one", "other")];
  keys.push(keyOf("one", "test", new Uint8Array(32)));
  assertEquals(new Set(keys).size, 4);
  assertEquals(serverMaterial(settings("one"), seed)!.ticketKey.length, TICKET_KEY_BYTES);
});

Deno.test("without TLS the engine is told nothing", () => {
  const told: unknown[] = [];
  const tls = new ClusterTls(recordingEngine(told), clusterConfig({}), seed);
  assertEquals([tls.server, tls.client, told], [null, null, []]);
  assertEquals(serverMaterial(clusterConfig({}), seed), null);
});
