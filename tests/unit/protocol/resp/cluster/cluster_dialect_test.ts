import { tcpEndpoint } from "../../../../../src/endpoint.ts";
import {
  clusterDialect,
  type RedirectReading,
} from "../../../../../src/protocol/resp/cluster/cluster_dialect.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function redirect(text: string): RedirectReading {
  const bytes = bytesOf(`xx${text}`);
  const into: RedirectReading = { kind: 1, slot: 7, target: null };
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

function slots(text: string) {
  const bytes = bytesOf(`xx${text}yy`);
  return clusterDialect.readSlots(bytes, 2, bytes.length - 2, "10.0.0.9");
}

const id = "$40\r\n0123456789012345678901234567890123456789\r\n";

Deno.test("a slot map is read, in the forms of Redis 3, 4 and 7", () => {
  const master = { first: 0, last: 5460, master: "127.0.0.1:7001", replicas: ["127.0.0.1:7004"] };
  const head = "*1\r\n*4\r\n:0\r\n:5460\r\n";
  const node = (port: number, extra: string, words: number) =>
    `*${words}\r\n$9\r\n127.0.0.1\r\n:${port}\r\n${extra}`;
  assertEquals(slots(`${head}${node(7001, "", 2)}${node(7004, "", 2)}`), [master]);
  assertEquals(slots(`${head}${node(7001, id, 3)}${node(7004, id, 3)}`), [master]);
  const metadata = `${id}*2\r\n$8\r\nhostname\r\n$1\r\nh\r\n`;
  assertEquals(slots(`${head}${node(7001, metadata, 4)}${node(7004, `${id}*0\r\n`, 4)}`), [master]);
  const map = `${id}%1\r\n$8\r\nhostname\r\n*1\r\n:1\r\n`;
  assertEquals(slots(`${head}${node(7001, map, 4)}${node(7004, `${id}*-1\r\n`, 4)}`), [master]);
  assertEquals(slots("*0\r\n"), []);
});

Deno.test("the host that was asked stands in for one that is missing", () => {
  for (const host of ["$-1\r\n", "$0\r\n\r\n", "$1\r\n?\r\n", "_\r\n"]) {
    assertEquals(slots(`*1\r\n*3\r\n:5\r\n:5\r\n*3\r\n${host}:7001\r\n${id}`), [
      { first: 5, last: 5, master: "10.0.0.9:7001", replicas: [] },
    ]);
  }
});

Deno.test("a master whose address the cluster has lost leaves a gap, such a replica nothing", () => {
  const [lost, found] = [`*3\r\n$0\r\n\r\n:0\r\n${id}`, `*3\r\n$1\r\nh\r\n:7001\r\n${id}`];
  const range = (first: number, nodes: string) => `*4\r\n:${first}\r\n:${first}\r\n${nodes}`;
  const map = `*3\r\n${range(0, found + lost)}${range(1, lost + found)}${range(2, lost + lost)}`;
  assertEquals(slots(map), [{ first: 0, last: 0, master: "h:7001", replicas: [] }]);
});

Deno.test("IPv6 nodes get their brackets", () => {
  assertEquals(slots(`*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$3\r\n::1\r\n:7001\r\n`), [
    { first: 0, last: 16_383, master: "[::1]:7001", replicas: [] },
  ]);
});

Deno.test("what is no slot map is null", () => {
  const node = "*2\r\n$1\r\nh\r\n:7001\r\n";
  const broken = [
    ...["-ERR x\r\n", "+OK\r\n", "*-1\r\n", "*1\r\n", "*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n"],
    ...[`*1\r\n*3\r\n:0\r\n:16384\r\n${node}`, `*1\r\n*3\r\n:2\r\n:1\r\n${node}`],
    ...[`*1\r\n*3\r\n:-1\r\n:1\r\n${node}`, `*1\r\n*3\r\n$1\r\n0\r\n:1\r\n${node}`],
    ...[
      "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n$1\r\nh\r\n",
      "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
    ],
    ...["*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n:1\r\n:7001\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n+x\r\n"],
    ...[`*2\r\n*3\r\n:0\r\n:1\r\n${node}`, "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$9\r\nh\r\n:7001\r\n"],
    "*99999\r\n",
  ];
  for (const text of broken) assertEquals(slots(text), null, JSON.stringify(text));
});

Deno.test("the requests of the dialect are whole frames", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(text(clusterDialect.asking), "*1\r\n$6\r\nASKING\r\n");
  assertEquals(text(clusterDialect.slotsRequest), "*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n");
});
