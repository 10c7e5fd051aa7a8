import { tcpEndpoint } from "../../../../../src/endpoint.ts";
import type { Redirect } from "../../../../../src/protocol/redirect.ts";
import { clusterDialect } from "../../../../../src/protocol/resp/cluster/cluster_dialect.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function redirect(text: string): Redirect {
  const bytes = bytesOf(`xx${text}`);
  const into: Redirect = { kind: 1, slot: 7, target: null };
  clusterDialect.readRedirect(bytes, 2, bytes.length, into);
  return into;
}

Deno.test("MOVED and ASK are read", () => {
  assertEquals(redirect("-MOVED 3999 127.0.0.1:6381\r\n"), {
    kind: 1,
    slot: 3999,
    target: tcpEndpoint("127.0.0.1", 6381),
  });
  assertEquals(redirect("-ASK 0 example.org:1\r\n"), {
    kind: 2,
    slot: 0,
    target: tcpEndpoint("example.org", 1),
  });
});

Deno.test("an IPv6 address in a redirection gets its brackets", () => {
  const target = tcpEndpoint("fe80::1", 6381);
  assertEquals(redirect("-MOVED 16383 fe80::1:6381\r\n"), { kind: 1, slot: 16_383, target });
  assertEquals(redirect("-MOVED 16383 [fe80::1]:6381\r\n"), { kind: 1, slot: 16_383, target });
});

Deno.test("a redirection without a host has an empty one", () => {
  const target = tcpEndpoint("", 6381);
  assertEquals(redirect("-MOVED 1 :6381\r\n").target, target);
  assertEquals(redirect("-MOVED 1 ?:6381\r\n").target, target);
});

Deno.test("a redirection that cannot be read has no target", () => {
  const broken = [
    ...["", " x", " 1", " 1 ", " 1 host", " 1 host:", " 1 host:0", " 1 host:65536", " 1 host:1x"],
    ...[" 16384 h:1", " -1 h:1", " 123456 h:1", "  1 h:1"],
  ];
  for (const rest of broken) {
    const { kind, target } = redirect(`-MOVED${rest}\r\n`);
    assertEquals([kind, target], [1, null], rest);
  }
});

Deno.test("other errors are no redirection", () => {
  assertEquals(redirect("-CLUSTERDOWN The cluster is down\r\n").kind, 3);
  assertEquals(redirect("-READONLY You can't write against a read only replica.\r\n").kind, 3);
  for (
    const text of [
      "-ERR x\r\n",
      "-MOVEDx 1 h:1\r\n",
      "-ASKING 1 h:1\r\n",
      "-\r\n",
      "-MISCONF x\r\n",
    ]
  ) {
    assertEquals(redirect(text), { kind: 0, slot: -1, target: null }, text);
  }
});

Deno.test("addresses are split", () => {
  assertEquals(clusterDialect.parseAddress("[::1]:6379"), tcpEndpoint("::1", 6379));
  assertEquals(clusterDialect.parseAddress("h:65535")?.port, 65_535);
  for (const text of ["", "h", ":1", "h:0", "h:65536", "h:x"]) {
    assertEquals(clusterDialect.parseAddress(text), null, text);
  }
});

Deno.test("the requests of the dialect are whole frames", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(text(clusterDialect.asking), "*1\r\n$6\r\nASKING\r\n");
  assertEquals(clusterDialect.viewRequests.map(text), [
    "*2\r\n$7\r\nCLUSTER\r\n$6\r\nSHARDS\r\n",
    "*2\r\n$7\r\nCLUSTER\r\n$5\r\nNODES\r\n",
  ]);
  const further = text(clusterDialect.furtherViewRequest);
  assertEquals(further, "*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n");
});
