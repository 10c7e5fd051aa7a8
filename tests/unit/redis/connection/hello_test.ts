/**
 * HELLO chooses the version, or changes nothing.
 *
 * @module
 */
import { PROFILES } from "../../../../src/protocol/protocol.ts";
import type { ClientNames } from "../../../../src/redis/client/client_marks.ts";
import { helloAnswer } from "../../../../src/redis/connection/hello.ts";
import type { KnownServers } from "../../../../src/redis/server/known_servers.ts";
import { Login } from "../../../../src/redis/login/mod.ts";
import { DELAY_FIRST_MS } from "../../../../src/redis/login/suspect.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { knownServers, redisContext } from "../../../support/rigs/redis_context.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";

const names: ClientNames = new WeakMap();

function hello(client: LocalRigClient, ...words: string[]): string {
  return helloOf(knownServers("7.0.15"), client, ...words);
}

function helloOf(servers: KnownServers, client: LocalRigClient, ...words: string[]): string {
  using rig = new CoreRig();
  const context = redisContext(rig);
  const login = new Login(context);
  const reply = helloAnswer(
    localRequest(client, "HELLO", ...words),
    names,
    login,
    servers,
  );
  rig.clock.advance(DELAY_FIRST_MS);
  return reply === null ? client.replies.join("") : textOf(reply);
}

Deno.test("HELLO 3 answers by a map and moves the client to RESP3", () => {
  const client = new LocalRigClient();
  assertMatch(hello(client, "3"), /^%7\r\n\$6\r\nserver\r\n\$5\r\nredis\r\n/);
  assertEquals(client.profiles, PROFILES[3]);
  assertMatch(hello(client), /\$5\r\nproto\r\n:3\r\n/);
});

Deno.test("HELLO 2 answers by an array and moves the client to RESP2", () => {
  const client = new LocalRigClient(3);
  assertMatch(hello(client, "2"), /^\*14\r\n.*\$5\r\nproto\r\n:2\r\n/s);
  assertEquals(client.profiles, PROFILES[2]);
});

const refused: readonly (readonly [string[], string])[] = [
  [["4"], "-NOPROTO unsupported protocol version\r\n"],
  [["x"], "-ERR Protocol version is not an integer or out of range\r\n"],
  [["3", "NONSENSE"], "-ERR Syntax error in HELLO option 'NONSENSE'\r\n"],
  [["3", "SETNAME"], "-ERR Syntax error in HELLO option 'SETNAME'\r\n"],
  [
    ["3", "AUTH", "someone", "secret"],
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
  ],
];

for (const [words, expected] of refused) {
  Deno.test(`HELLO ${words.join(" ")} is refused and changes nothing`, () => {
    const client = new LocalRigClient();
    assertEquals(hello(client, ...words), expected);
    assertEquals([client.profiles, names.get(client)], [PROFILES[2], undefined]);
  });
}

Deno.test("HELLO sets the name, and a bad name refuses the whole", () => {
  const client = new LocalRigClient();
  assertMatch(hello(client, "3", "AUTH", "default", "x", "SETNAME", "me"), /^%7/);
  assertEquals(names.get(client), "me");
  assertMatch(hello(client, "2", "SETNAME", "a b"), /^-ERR Client names/);
  assertEquals(client.profiles, PROFILES[3]);
});

Deno.test("a name stays where what is behind it is refused, as at a server", () => {
  const client = new LocalRigClient();
  assertMatch(hello(client, "3", "SETNAME", "kept", "NONSENSE"), /^-ERR Syntax error/);
  assertEquals([names.get(client), client.profiles], ["kept", PROFILES[2]]);
});

Deno.test("the product and its version are the servers'", () => {
  const valkey = knownServers("7.2.4", "9.1.2");
  assertMatch(
    helloOf(valkey, new LocalRigClient(), "3"),
    /^%7\r\n\$6\r\nserver\r\n\$6\r\nvalkey\r\n\$7\r\nversion\r\n\$5\r\n9\.1\.2\r\n/,
  );
});

Deno.test("Valkey looks at all options before it acts on any, Redis does not", () => {
  const words = ["3", "SETNAME", "kept", "SETNAME", "a b"];
  for (
    const [servers, name] of [[knownServers("7.0.15"), "kept"], [
      knownServers("7.2.4", "9.1.2"),
      undefined,
    ]] as const
  ) {
    const client = new LocalRigClient();
    assertMatch(helloOf(servers, client, ...words), /^-ERR Client names cannot contain spaces/);
    assertEquals(names.get(client), name);
  }
  const client = new LocalRigClient();
  helloOf(knownServers("7.2.4", "9.1.2"), client, "3", "SETNAME", "it");
  assertEquals(names.get(client), "it");
});
