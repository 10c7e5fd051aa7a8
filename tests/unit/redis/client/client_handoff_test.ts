/**
 * Who is told to go on elsewhere, and where.
 *
 * @module
 */
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { ClientHandoff } from "../../../../src/redis/client/client_handoff.ts";
import { PROFILES } from "../../../../src/protocol/protocol.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";

class Stage {
  readonly config = { clientHandoff: true, handoffAddress: null as string | null };
  readonly everybody: LocalRigClient[] = [];
  readonly handoff = new ClientHandoff({
    config: this.config,
    advertisedTo: () => tcpEndpoint("fd00::1", 9001),
    clients: () => this.everybody,
  });

  client(version: 2 | 3 = 3): LocalRigClient {
    const client = new LocalRigClient(version);
    this.everybody.push(client);
    return client;
  }

  ask(client: LocalRigClient, words: string): string | null {
    if (!this.handoff.isOffered(client)) return null;
    const reply = this.handoff.answer(client, words.split(" "));
    return reply === null ? null : textOf(reply);
  }

  /** What a client is told, but for the number. */
  told(client: LocalRigClient, isTaken = true, seconds = 9): string[] {
    this.handoff.tell({ seconds, isTaken });
    return client.pushes.splice(0).map((push) => {
      assertMatch(push, /^>4\r\n\$6\r\nMOVING\r\n:\d{10}\r\n/);
      return push.replace(/^.*\r\n.*\r\nMOVING\r\n:\d+\r\n/, "").replaceAll("\r\n", " ").trim();
    });
  }
}

Deno.test("who asks for it is told, with an address unless it wants none", () => {
  const stage = new Stage();
  const [one, other, plain, silent] = [1, 2, 3, 4].map(() => stage.client()) as [
    ...[LocalRigClient, LocalRigClient, LocalRigClient, LocalRigClient],
  ];
  assertEquals(stage.ask(plain, "ON"), "+OK\r\n");
  assertEquals(stage.ask(one, "ON moving-endpoint-type External-FQDN"), "+OK\r\n");
  assertEquals(stage.ask(other, "on MOVING-ENDPOINT-TYPE none"), "+OK\r\n");
  assertEquals(stage.told(one), [":9 $13 10.0.0.1:6380"]);
  assertEquals(other.pushes.splice(0).length, 1);
  assertEquals(stage.told(other, true, 3), [":3 _"]);
  assertEquals(silent.pushes, []);
  plain.pushes.length = 0;
  assertEquals(stage.told(plain), [":9 $13 10.0.0.1:6380"]);
});

Deno.test("who asks for it when the others are told already is told behind the answer", () => {
  const stage = new Stage();
  const client = stage.client();
  assertEquals(stage.told(client), []);
  assertEquals(stage.ask(client, "ON"), null);
  assertEquals(client.replies, ["+OK\r\n"]);
  assertEquals(client.pushes.length, 1);
  assertMatch(client.pushes[0]!, /MOVING\r\n:\d+\r\n:9\r\n\$13\r\n10.0.0.1:6380\r\n$/);
});

Deno.test("nobody is told who took it back, was reset, or speaks RESP2", () => {
  const stage = new Stage();
  const [off, reset, older] = [stage.client(), stage.client(), stage.client()];
  for (const client of stage.everybody) assertEquals(stage.ask(client, "ON"), "+OK\r\n");
  assertEquals(stage.ask(off, "OFF"), "+OK\r\n");
  stage.handoff.reset(reset);
  older.profiles = PROFILES[2];
  for (const client of stage.everybody) assertEquals(stage.told(client), []);
});

Deno.test("there is no such subcommand in RESP2, nor where handoff is off", () => {
  const stage = new Stage();
  assertEquals(stage.ask(stage.client(2), "ON"), null);
  const client = stage.client();
  assertEquals(stage.ask(client, "ON"), "+OK\r\n");
  stage.config.clientHandoff = false;
  assertEquals(stage.ask(client, "ON"), null);
  assertEquals(stage.told(client), []);
});

Deno.test("what cannot be understood is refused, and changes nothing", () => {
  const stage = new Stage();
  const client = stage.client();
  for (
    const words of [
      "",
      "MAYBE",
      "OFF now",
      "ON moving-endpoint-type",
      "ON moving-endpoint-type nowhere",
      "ON moving none",
      "ON moving-endpoint-type none more",
    ]
  ) assertEquals(stage.ask(client, words), "-ERR syntax error\r\n", words);
  assertEquals(stage.told(client), []);
});

Deno.test("without anybody who takes the clients they are told only where the settings name an address", () => {
  const stage = new Stage();
  const client = stage.client();
  stage.ask(client, "ON");
  assertEquals(stage.told(client, false), []);
  stage.config.handoffAddress = "10.0.0.7:6380";
  assertEquals(stage.told(client, false), [":9 $13 10.0.0.7:6380"]);
  assertEquals(stage.told(client, true), [":9 $13 10.0.0.7:6380"]);
});

Deno.test("the address is the one that the client is connected to, else the advertised one", () => {
  const stage = new Stage();
  const client = stage.client();
  stage.ask(client, "ON");
  for (
    const [hostname, told] of [
      ["::ffff:10.0.0.5", "$13 10.0.0.5:6380"],
      ["fd00::5", "$14 [fd00::5]:6380"],
      [null, "$14 [fd00::1]:9001"],
    ] as const
  ) {
    client.local = hostname === null ? null : tcpEndpoint(hostname, 6380);
    assertEquals(stage.told(client), [`:9 ${told}`]);
  }
});
