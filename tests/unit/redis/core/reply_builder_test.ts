/**
 * Forms of replies by version of the protocol.
 *
 * @module
 */
import { bulkReply, integerReply } from "../../../../src/protocol/resp/write/replies.ts";
import {
  helpReply,
  mapReply,
  nullReply,
  setReply,
  shown,
  textReply,
  unknownSubcommandReply,
} from "../../../../src/redis/core/reply_builder.ts";
import { DEFAULT_KIND } from "../../../../src/redis/server/server_kind.ts";
import { assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

Deno.test("maps, sets, texts and nulls have their own form in RESP3 only", () => {
  const entries = [["a", integerReply(1)]] as const;
  assertEquals(textOf(mapReply(entries, 2)), "*2\r\n$1\r\na\r\n:1\r\n");
  assertEquals(textOf(mapReply(entries, 3)), "%1\r\n$1\r\na\r\n:1\r\n");
  assertEquals(textOf(setReply([bulkReply("x")], 2)), "*1\r\n$1\r\nx\r\n");
  assertEquals(textOf(setReply([bulkReply("x")], 3)), "~1\r\n$1\r\nx\r\n");
  assertEquals(textOf(textReply("é", 2)), "$2\r\né\r\n");
  assertEquals(textOf(textReply("é", 3)), "=6\r\ntxt:é\r\n");
  assertEquals([textOf(nullReply(2)), textOf(nullReply(3))], ["$-1\r\n", "_\r\n"]);
});

Deno.test("errors repeat a bounded part of a client's own words, up to a NUL", () => {
  assertEquals(shown("x".repeat(500)).length, 128);
  assertEquals(shown("ab\0cd"), "ab");
  assertEquals(
    textOf(unknownSubcommandReply("client", "no\r\nsense")),
    "-ERR unknown subcommand 'no  sense'. Try CLIENT HELP.\r\n",
  );
});

Deno.test("help is a list of status lines that ends with itself", () => {
  assertEquals(
    textOf(helpReply("x", ["A"], DEFAULT_KIND)),
    "*4\r\n+X <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n+A\r\n" +
      "+HELP\r\n+    Prints this help.\r\n",
  );
});
