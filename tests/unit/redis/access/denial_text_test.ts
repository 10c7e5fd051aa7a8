/**
 * What clients are told of a denial; the words are those of Redis 7.0.15, and of Redis 7.2 and Valkey.
 *
 * @module
 */
import { denialReply, denialSentence } from "../../../../src/redis/access/denial_text.ts";
import { kindOf } from "../../../../src/redis/server/server_kind.ts";
import type { Denial } from "../../../../src/redis/access/permissions.ts";
import { assertEquals } from "../../../deps.ts";

const old = kindOf("7.0.15", null);
const later = [kindOf("7.2.0", null), kindOf("8.0.1", null), kindOf("7.2.4", "8.1.0")];
const command: Denial = {
  reason: "command",
  command: "config|get",
  object: "config|get",
  option: null,
};
const key: Denial = { reason: "key", command: "get", object: "k", option: null };

function said(denial: Denial, kind = old): string {
  return new TextDecoder().decode(denialReply(denial, "ann", kind)).trim();
}

Deno.test("Redis 7.0 names no user, later servers do", () => {
  assertEquals(
    said(command),
    "-NOPERM this user has no permissions to run the 'config|get' command",
  );
  assertEquals(
    said(key),
    "-NOPERM this user has no permissions to access one of the keys used as arguments",
  );
  assertEquals(
    said({ ...key, reason: "channel" }),
    "-NOPERM this user has no permissions to access one of the channels used as arguments",
  );
  for (const kind of later) {
    const text = "-NOPERM User ann has no permissions to run the 'config|get' command";
    assertEquals(said(command, kind), text);
    assertEquals(said(key, kind), "-NOPERM No permissions to access a key");
    assertEquals(
      said({ ...key, reason: "channel" }, kind),
      "-NOPERM No permissions to access a channel",
    );
  }
});

Deno.test("SORT has its own words", () => {
  assertEquals(
    said({ reason: "key", command: "sort", object: "BY", option: "BY" }),
    "-ERR BY option of SORT denied due to insufficient ACL permissions.",
  );
});

Deno.test("ACL DRYRUN says what it is about", () => {
  assertEquals(
    denialSentence(command, "ann", old),
    "This user has no permissions to run the 'config|get' command",
  );
  assertEquals(
    denialSentence(key, "ann", later[0]!),
    "User ann has no permissions to access the 'k' key",
  );
});
