/**
 * What is told from the records of commands.
 *
 * @module
 */
import { respCommands, respDescriptions } from "../../../../src/protocol/resp/commands/mod.ts";
import {
  commandOf,
  describedCommand,
  isAdministration,
  isNoteworthy,
  isOfScripts,
  onlyReads,
  reachesUnnamedKeys,
  textAt,
  useAlike,
} from "../../../../src/redis/access/command_facts.ts";
import { KeyPatterns, KeyUse } from "../../../../src/redis/access/key_patterns.ts";
import { assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";

function request(line: string) {
  return localRequest(new LocalRigClient(), ...line.split(" "));
}

/** Which of some commands a fact holds of. */
function those(
  names: string,
  holds: (command: ReturnType<typeof describedCommand>) => boolean,
): string {
  return names.split(" ").filter((name) => holds(respDescriptions.get(name)!)).join(" ");
}

Deno.test("a request is of its subcommand, and of its command whatever its form", () => {
  const names = "GET k|config GET x|CONFIG nosuch|XREAD BLOCK 1 STREAMS k 0".split("|")
    .map((line) => commandOf(request(line)).name);
  assertEquals(names, ["get", "config|get", "config", "xread"]);
  const row = respCommands.rows.find(({ name }) => name === "xread|block")!;
  assertEquals(describedCommand(row).name, "xread");
});

Deno.test("what is administration, and what the audit log has", () => {
  const names = "get flushall config config|get config|help memory|stats keys hotkey client|id";
  assertEquals(those(names, isAdministration), "config|get memory|stats hotkey");
  assertEquals(those(names, isNoteworthy), "flushall config|get memory|stats keys hotkey");
});

Deno.test("what has to do with keys that it does not name", () => {
  const names =
    "keys scan dbsize randomkey flushall swapdb config|get cluster|getkeysinslot cluster|slots " +
    "ping time info multi publish command|docs object|help hotkey acl|whoami wait lolwut";
  assertEquals(
    those(names, reachesUnnamedKeys),
    "keys scan dbsize randomkey flushall swapdb config|get cluster|getkeysinslot hotkey lolwut",
  );
});

Deno.test("what only reads, and what is of scripts", () => {
  const names = "get set eval eval_ro sort sort_ro flushall config|get xreadgroup script|load";
  assertEquals(those(names, onlyReads), "get eval_ro sort_ro script|load");
  assertEquals(those(names, isOfScripts), "eval eval_ro script|load");
});

Deno.test("what happens to all keys of a command alike", () => {
  const marked = new KeyPatterns(["%R~a"]);
  const whole = new KeyPatterns(["a"]);
  const uses = (patterns: KeyPatterns) =>
    "get del exists copy set georadius mset".split(" ")
      .map((name) => useAlike(respDescriptions.get(name)!, patterns));
  const { Read, Write, Both } = KeyUse;
  assertEquals(uses(marked), [Read, Write, 0, null, null, null, Write]);
  assertEquals(uses(whole), [Both, Both, Both, Both, Both, null, Both]);
});

Deno.test("a word is read by itself, byte by byte, and not without end", () => {
  assertEquals(textAt(request("GET key"), 1), "key");
  assertEquals(textAt(request(`GET ${"x".repeat(5_000)}`), 1).length, 1_024);
});
