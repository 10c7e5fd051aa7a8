import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { ClientMarks } from "../../../../src/redis/client/client_marks.ts";
import { kindOf } from "../../../../src/redis/server/server_kind.ts";
import { assertEquals } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";

const row = (name: string) => respCommands.rows.find((one) => one.name === name)!;

Deno.test("the last command is named as a server names it", () => {
  const marks = new ClientMarks();
  const client = new LocalRigClient();
  assertEquals(marks.lastCommand(client), "NULL");
  client.lastRow = row("get");
  assertEquals(marks.lastCommand(client), "get");
  client.lastRow = row("xread|block");
  assertEquals(marks.lastCommand(client), "xread");
  client.lastRow = row("client");
  marks.asked(client, row("client"), "LIST");
  assertEquals(marks.lastCommand(client), "client|list");
  client.lastRow = row("command");
  assertEquals(marks.lastCommand(client), "command", "it was another command's");
  client.lastRow = row("client");
  marks.asked(client, row("client"), "x".repeat(1_000_000));
  assertEquals(marks.lastCommand(client), "client", "what is no subcommand is not kept");
});

Deno.test("RESET forgets what a server forgets", () => {
  const marks = new ClientMarks();
  const client = new LocalRigClient();
  marks.names.set(client, "me");
  for (const marked of [marks.readOnly, marks.noTouch, marks.noEvict]) marked.add(client);
  marks.reset(client, kindOf("7.0.15", null).ways);
  assertEquals(marks.names.get(client), undefined);
  assertEquals(
    [marks.readOnly, marks.noTouch, marks.noEvict].map((marked) => marked.has(client)),
    [false, false, true],
  );
  marks.reset(client, kindOf("7.2.4", "9.1.2").ways);
  assertEquals(marks.noEvict.has(client), false);
});
