import { clientHelp } from "../../../../src/redis/client/client_help.ts";
import { kindOf } from "../../../../src/redis/server/server_kind.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

Deno.test("HELP counts its lines", () => {
  const text = textOf(clientHelp(kindOf("7.0.15", null)));
  const lines = text.split("\r\n").filter((line) => line.startsWith("+"));
  assertMatch(text, new RegExp(`^\\*${lines.length}\r\n`));
  assertEquals(lines.at(-1), "+    Prints this help.");
});

Deno.test("HELP is Valkey's where the servers are", () => {
  const lines = textOf(clientHelp(kindOf("7.2.4", "9.1.2"))).split("\r\n");
  assertEquals(lines.includes("+CAPA <option> [options...]"), true);
  assertEquals(lines.at(-2), "+    Print this help.");
});
