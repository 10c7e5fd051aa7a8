/**
 * CLIENT concerns the connection to the proxy, and nothing else.
 *
 * @module
 */
import { ClientHandoff } from "../../../../src/redis/client/client_handoff.ts";
import { ClientMarks } from "../../../../src/redis/client/client_marks.ts";
import { clientAnswer, NAME_LIMIT_BYTES } from "../../../../src/redis/client/client_commands.ts";
import { ClientUnblock } from "../../../../src/redis/blocking/client_unblock.ts";
import { ClientPause } from "../../../../src/redis/client/client_pause.ts";
import { Login } from "../../../../src/redis/login/mod.ts";
import { ClientRegistry } from "../../../../src/redis/client/client_registry.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import {
  type ContextOptions,
  knownServers,
  redisContext,
} from "../../../support/rigs/redis_context.ts";

function ask(client: LocalRigClient, marks: ClientMarks, ...words: string[]): string {
  return askOf({}, client, marks, ...words);
}

function askOf(
  options: ContextOptions,
  client: LocalRigClient,
  marks: ClientMarks,
  ...words: string[]
): string {
  using rig = new CoreRig();
  const context = redisContext(rig, { clients: () => [client], ...options });
  const listed = new ClientRegistry(context, marks, new Login(context));
  const parts = {
    marks,
    handoff: new ClientHandoff(context),
    clients: listed,
    pause: new ClientPause(context),
    unblock: new ClientUnblock(context),
    servers: context.servers,
  };
  return textOf(clientAnswer(localRequest(client, "CLIENT", ...words), parts)!);
}

Deno.test("a name is kept for its client only, and an empty one takes it away", () => {
  const marks = new ClientMarks();
  const [one, other] = [new LocalRigClient(), new LocalRigClient(3)];
  assertEquals(ask(one, marks, "SETNAME", "worker-1"), "+OK\r\n");
  assertEquals(ask(one, marks, "GETNAME"), "$8\r\nworker-1\r\n");
  assertEquals(ask(other, marks, "GETNAME"), "_\r\n");
  assertEquals(ask(one, marks, "SETNAME", ""), "+OK\r\n");
  assertEquals(ask(one, marks, "GETNAME"), "$-1\r\n");
});

Deno.test("a name with spaces or beyond its limit is refused", () => {
  const marks = new ClientMarks();
  const client = new LocalRigClient();
  assertMatch(ask(client, marks, "SETNAME", "a b"), /^-ERR Client names cannot contain spaces/);
  assertMatch(ask(client, marks, "SETNAME", "n".repeat(NAME_LIMIT_BYTES + 1)), /^-ERR .*longer/);
  assertEquals(ask(client, marks, "GETNAME"), "$-1\r\n");
});

const cases: readonly (readonly [string[], RegExp])[] = [
  [["ID"], /^:7\r\n$/],
  [["SETINFO", "LIB-NAME", "x"], /^\+OK\r\n$/],
  [["SETINFO", "LIB-VER", "1 2"], /^-ERR lib-ver cannot contain spaces/],
  [["SETINFO", "COLOUR", "red"], /^-ERR Unrecognized option 'COLOUR'\r\n$/],
  [["NO-EVICT", "on"], /^\+OK\r\n$/],
  [["NO-TOUCH", "maybe"], /^-ERR syntax error\r\n$/],
  [["TRACKING", "on"], /^-ERR CLIENT TRACKING ON is not supported: invalidations/],
  [["TRACKING", "off"], /^\+OK\r\n$/],
  [["TRACKING", "maybe"], /^-ERR syntax error\r\n$/],
  [["TRACKING", "off", "REDIRECT", "8"], /^-ERR The client ID you want redirect to does not exist/],
  [["TRACKING", "off", "REDIRECT", "7"], /^\+OK\r\n$/],
  [["KILL", "USER", "nobody"], /^-ERR No such user 'nobody'\r\n$/],
  [["HELP"], /^\*\d+\r\n\+CLIENT <subcommand> [^]*\+SETINFO <option> <value>\r\n/],
  [["CACHING", "yes"], /^-ERR CLIENT CACHING can be called only/],
  [["GETREDIR"], /^:-1\r\n$/],
  [["REPLY", "on"], /^\+OK\r\n$/],
  [["REPLY", "maybe"], /^-ERR syntax error/],
  [["PAUSE", "1"], /^\+OK\r\n$/],
  [["PAUSE", "1", "write"], /^\+OK\r\n$/],
  [["PAUSE"], /^-ERR wrong number of arguments for 'client\|pause' command\r\n$/],
  [["PAUSE", "x"], /^-ERR timeout is not an integer or out of range\r\n$/],
  [["PAUSE", "-1"], /^-ERR timeout is negative\r\n$/],
  [["PAUSE", "x", "reads"], /^-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n$/],
  [["PAUSE", "1", "all", "x"], /^-ERR unknown subcommand or wrong number of arguments for 'PAUSE'/],
  [["UNPAUSE"], /^\+OK\r\n$/],
  [["KILL"], /^-ERR wrong number of arguments for 'client\|kill' command\r\n$/],
  [["LIST"], /^\$\d+\r\nid=7 addr=10.0.0.9:50007 .*\n\r\n$/],
  [["INFO"], /^\$\d+\r\nid=7 addr=10.0.0.9:50007 .*\n\r\n$/],
  [["ID", "x"], /^-ERR wrong number of arguments for 'client\|id' command\r\n$/],
  [["NONSENSE"], /^-ERR unknown subcommand 'NONSENSE'. Try CLIENT HELP.\r\n$/],
];

for (const [words, expected] of cases) {
  Deno.test(`CLIENT ${words.join(" ")} is answered by ${expected}`, () => {
    assertMatch(ask(new LocalRigClient(), new ClientMarks(), ...words), expected);
  });
}

Deno.test("Valkey takes what Redis refuses: CAPA, and words behind those that are known", () => {
  const valkey = { servers: knownServers("7.2.4", "9.1.2") };
  const marks = new ClientMarks();
  const client = new LocalRigClient();
  assertMatch(ask(client, marks, "CAPA", "redirect"), /^-ERR unknown subcommand 'CAPA'/);
  assertMatch(
    askOf(valkey, client, marks, "INFO"),
    / flags=N capa= db=0 .* watch=0 .* tot-cmds=0\n/,
  );
  assertEquals(askOf(valkey, client, marks, "CAPA", "other", "REDIRECT"), "+OK\r\n");
  assertMatch(
    askOf(valkey, client, marks, "CAPA"),
    /^-ERR wrong number of arguments for 'client\|capa'/,
  );
  assertMatch(askOf(valkey, client, marks, "INFO"), / capa=r db=0 /);
  assertMatch(ask(client, marks, "UNBLOCK", "1", "TIMEOUT", "x"), /^-ERR unknown subcommand or/);
  assertEquals(askOf(valkey, client, marks, "UNBLOCK", "1", "TIMEOUT", "x"), ":0\r\n");
  assertEquals(askOf(valkey, client, marks, "PAUSE", "0", "all", "x"), "+OK\r\n");
});
