import { importNutcracker } from "../../../src/import/nutcracker.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

const WHOLE = `
alpha:
  listen: 127.0.0.1:22121
  hash: crc32a
  hash_tag: "{}"
  distribution: modula
  auto_eject_hosts: true
  redis: yes
  timeout: 400
  server_retry_timeout: 2000
  server_failure_limit: 1
  server_connections: 4
  redis_auth: s3cret
  redis_db: 2
  client_connections: 100
  backlog: 1024
  preconnect: true
  tcpkeepalive: true
  reuseport: true
  servers:
    - 127.0.0.1:6379:1 one
    - 127.0.0.1:6380:2 two
`;

Deno.test("every setting of twemproxy 0.5 is taken over, or said to be left out", () => {
  const { clusters, notes } = importNutcracker(WHOLE);
  assertEquals(clusters, [{
    name: "alpha",
    listen_addr: "127.0.0.1:22121",
    cache_type: "redis",
    servers: ["127.0.0.1:6379:1 one", "127.0.0.1:6380:2 two"],
    hash: "crc32a",
    hash_tag: "{}",
    distribution: "modula",
    read_timeout: 400,
    write_timeout: 400,
    dial_timeout: 400,
    ping_fail_limit: 1,
    ping_interval: 2000,
    node_connections: 4,
    password: "s3cret",
    backend_password: "s3cret",
  }]);
  assertEquals(notes.map((note) => note.split(":")[0]), [
    "alpha.auto_eject_hosts",
    "alpha.redis_auth",
    "alpha.redis_db",
    "alpha.client_connections",
    "alpha.backlog",
    "alpha.preconnect",
    "alpha.tcpkeepalive",
    "alpha.reuseport",
  ]);
});

Deno.test("what twemproxy takes for granted is what the result says, or a note", () => {
  const { clusters, notes } = importNutcracker(
    `beta:\n  listen: 0.0.0.0:1\n  server_failure_limit: 3\n  servers: [ "h:11211:1" ]\n`,
  );
  // Without auto_eject_hosts nothing is ejected, whatever the limit.
  assertEquals(clusters, [
    { name: "beta", listen_addr: "0.0.0.0:1", cache_type: "memcache", servers: ["h:11211:1"] },
  ]);
  assertEquals(notes, [
    "beta.timeout: none: twemproxy waits for ever, here read_timeout is 1000 ms unless set",
  ]);
  const ejecting = importNutcracker("c:\n  auto_eject_hosts: on\n  timeout: 1\n  listen: h:1\n");
  const { ping_fail_limit, ping_interval } = ejecting.clusters[0]!;
  assertEquals([ping_fail_limit, ping_interval], [2, 30_000]);
});

Deno.test("unix sockets keep their paths, on both sides", () => {
  const { clusters, notes } = importNutcracker(
    "d:\n  listen: /run/d.sock 0666\n  timeout: 5\n  servers:\n    - /run/s.sock:1 s\n",
  );
  assertEquals(clusters[0]!.listen_addr, "unix:/run/d.sock");
  assertEquals(clusters[0]!.unix_mode, "0666");
  assertEquals(clusters[0]!.servers, ["unix:/run/s.sock:1 s"]);
  assertEquals(notes, []);
  const odd = importNutcracker("d:\n  listen: /run/d.sock 1777\n  timeout: 5\n  servers: []\n");
  assertEquals([odd.clusters[0]!.unix_mode, odd.notes.length], [undefined, 1]);
});

Deno.test("what is wrong with a setting is said, and the rest is taken over", () => {
  const { clusters, notes } = importNutcracker(
    "e:\n  listen: h:1\n  timeout: soon\n  colour: blue\n  servers: [ 'h:2:1' ]\n",
  );
  assertEquals(clusters[0]!.servers, ["h:2:1"]);
  assertEquals(notes[0], 'e.timeout: left out: "soon" is no number');
  assertEquals(notes.at(-1), "e.colour: twemproxy 0.5 has no such setting; left out");
});

Deno.test("a file that is not pools by name is refused", () => {
  assertThrows(() => importNutcracker("- a\n- b\n"), TypeError, "expected pools by name");
  assertThrows(() => importNutcracker("a: 1\n"), TypeError, 'pool "a": expected settings');
  assertThrows(() => importNutcracker("a: [\n"), TypeError);
});

Deno.test("where only some servers have names, the others get those that twemproxy's ring has for them", () => {
  const { clusters } = importNutcracker(
    "f:\n  listen: h:1\n  timeout: 5\n  servers: [ 'a:1:1 one', 'b:2:1', 'c:11211:3', '/s:1' ]\n",
  );
  assertEquals(clusters[0]!.servers, ["a:1:1 one", "b:2:1 b:2", "c:11211:3 c", "unix:/s:1 /s:"]);
});
