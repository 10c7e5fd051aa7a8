/**
 * COMMAND says what the table serves.
 *
 * @module
 */
import { Action, isBlockingForm } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { CommandAnswers } from "../../../../src/redis/server/command_commands.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";

using scene = new FeatureScene(() => []);
// No server answers: what is said is the proxy's own.
scene.rig.router.shards = () => [];
const answers = new CommandAnswers(scene.context);
const served =
  respCommands.rows.filter(({ action, name }) => action !== Action.Refuse && !isBlockingForm(name))
    .length;

function command(version: 2 | 3, ...words: string[]): string {
  return textOf(answers.answer(localRequest(new LocalRigClient(version), "COMMAND", ...words))!);
}

Deno.test("COMMAND and its COUNT and LIST speak of the commands that are not refused", () => {
  assertEquals(command(2).startsWith(`*${served}\r\n`), true);
  assertEquals(command(2, "COUNT"), `:${served}\r\n`);
  assertMatch(command(2, "LIST"), /\r\n\$11\r\nclient\|list\r\n/);
  assertEquals(command(2, "LIST").includes("$6\r\nmodule\r\n"), false);
});

Deno.test("COMMAND INFO describes a row by arity, flags and keys", () => {
  assertMatch(
    command(2, "INFO", "GET"),
    /^\*1\r\n\*10\r\n\$3\r\nget\r\n:2\r\n\*2\r\n\+readonly\r\n\+fast\r\n:1\r\n:1\r\n:1\r\n/,
  );
  assertMatch(command(3, "INFO", "GET"), /~2\r\n\+readonly\r\n\+fast\r\n/);
  assertEquals(command(3, "INFO", "nonsense"), "*1\r\n_\r\n");
});

Deno.test("COMMAND INFO has the policies of many servers as tips", () => {
  assertMatch(
    command(2, "INFO", "dbsize"),
    /\*2\r\n\$25\r\nrequest_policy:all_shards\r\n\$23\r\nresponse_policy:agg_sum\r\n/,
  );
});

Deno.test("COMMAND LIST can be asked for names that match, and knows no modules", () => {
  assertEquals(command(2, "LIST", "FILTERBY", "PATTERN", "GETD*"), "*1\r\n$6\r\ngetdel\r\n");
  assertEquals(command(2, "LIST", "filterby", "module", "json"), "*0\r\n");
});

Deno.test("COMMAND GETKEYS finds keys as the router does", () => {
  assertEquals(
    command(2, "GETKEYS", "MSET", "a", "1", "b", "2"),
    "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
  );
});

Deno.test("COMMAND's other forms are answered in Redis's words", () => {
  assertEquals(command(2, "LIST", "FILTERBY", "ACLCAT", "nosuch"), "*0\r\n");
  assertEquals(
    command(2, "LIST", "FILTERBY", "ACLCAT", "Hyperloglog"),
    "*3\r\n$5\r\npfadd\r\n$7\r\npfcount\r\n$7\r\npfmerge\r\n",
  );
  assertEquals(command(2, "LIST", "x"), "-ERR syntax error\r\n");
  assertMatch(command(2, "nonsense"), /^-ERR unknown subcommand 'nonsense'/);
});

Deno.test("COMMAND DOCS is what one of the servers says", async () => {
  using asking = new FeatureScene(() => []);
  asking.ask("COMMAND DOCS get");
  await (await asking.accept(0)).receives("%docs\n");
  assertEquals(asking.told(), ["%docs"]);
  await asking.ends();
});

Deno.test("admin commands are among the served where they are forwarded", () => {
  using forwarding = new FeatureScene(() => [], {
    config: clusterConfig({ adminCommands: "forward" }),
  });
  forwarding.rig.router.shards = () => [];
  const reply = new CommandAnswers(forwarding.context).answer(
    localRequest(new LocalRigClient(), "COMMAND", "INFO", "config", "monitor"),
  );
  assertMatch(textOf(reply!), /^\*2\r\n\*10\r\n\$6\r\nconfig\r\n[^]*\$-1\r\n$/);
});

Deno.test("keys are what a server says, unless it has no such command or does not answer", async () => {
  using asking = new FeatureScene(() => []);
  asking.ask("COMMAND GETKEYS GET a b");
  const conn = await asking.accept(0);
  assertEquals(requestsIn(conn.written), ["COMMAND GETKEYS GET a b"]);
  await conn.receives("-ERR its own words\n");
  assertEquals(asking.told(), ["-ERR its own words"]);
  asking.ask("COMMAND GETKEYS GET a");
  await turn();
  await conn.receives("-ERR Invalid command specified\r\n");
  assertEquals(asking.told(), ["*1 $1 a"]);
  asking.ask("COMMAND GETKEYS GET a");
  await turn();
  conn.ends();
  await turn();
  assertEquals(asking.told(), ["*1 $1 a"]);
  await asking.ends();
});

Deno.test("a server is asked for descriptions; where it has none, the proxy's own are said", async () => {
  using asking = new FeatureScene(() => []);
  asking.ask("COMMAND INFO get");
  const conn = await asking.accept(0);
  // Of which version the servers are is asked, too.
  await conn.receives("-ERR none\n");
  const [, request] = requestsIn(conn.written);
  assertMatch(request!, /^COMMAND INFO .* get .* client\|list /);
  await conn.receives("-ERR none\n");
  assertMatch(asking.told().join(), /^\*1 \*10 \$3 get :2 \*2 \+readonly \+fast /);
  asking.ask("COMMAND INFO get");
  await turn();
  assertEquals(requestsIn(conn.written).length, 3);
  await asking.ends();
});
