import { assert, assertEquals } from "../../deps.ts";
import { Action, isBlockingForm } from "../../../src/protocol/command_table.ts";
import { MemcacheCommands } from "../../../src/protocol/memcache/commands.ts";
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import {
  COMMANDS_DOCUMENT,
  describeRoute,
  localTexts,
  redisGroups,
  renderCommandsDocument,
} from "../../../tasks/commands_doc.ts";

const REPOSITORY = new URL("../../../", import.meta.url);

function routeOf(name: string): string {
  return describeRoute(respCommands.rows.find((row) => row.name === name)!);
}

Deno.test("the page of commands is what the tables say; if not, run deno task docs", () => {
  const page = Deno.readTextFileSync(new URL(COMMANDS_DOCUMENT, REPOSITORY));
  assertEquals(page, renderCommandsDocument());
});

Deno.test("the page has every row of both tables once", () => {
  const grouped = redisGroups.flatMap(([_title, rows]) => rows.map(({ name }) => name));
  const named = respCommands.rows.map(({ name }) => name).filter((name) => !isBlockingForm(name));
  assertEquals(grouped.toSorted(), named.toSorted());
  const lines = renderCommandsDocument().split("\n").filter((line) => line.startsWith("| `"));
  assertEquals(lines.length, named.length + new MemcacheCommands().rows.length);
});

Deno.test("a command's line says how it is routed", () => {
  assertEquals(routeOf("get"), "by key");
  assertEquals(routeOf("rename"), "keys together");
  assertEquals(routeOf("sort"), "keys together");
  assertEquals(routeOf("migrate"), "keys together");
  assertEquals(routeOf("eval"), "keys together; without keys: any backend");
  assertEquals(routeOf("xinfo"), "by key, behind the subcommand");
  assertEquals(routeOf("del"), "split: the sum, or the first error");
  assertEquals(routeOf("blpop"), "keys together, over a connection of its own");
  assertEquals(routeOf("ping"), "proxy: `PONG`, or the word");
  assertEquals(
    routeOf("monitor"),
    "refused: it shows what one server does; connect to that server",
  );
  const line = "| `slabs`          | 1+    |       | refused: it concerns a single server ";
  assert(renderCommandsDocument().split("\n").some((one) => one.startsWith(line)));
});

Deno.test("what is said of the proxy's own answers is of commands that it answers", () => {
  const rows = [...respCommands.rows, ...new MemcacheCommands().rows];
  const local = rows.filter((row) => row.action === Action.Local);
  const keyless = local.filter(({ firstKey, keyFinder }) => firstKey === 0 && keyFinder === null);
  const withKeys = ["ssubscribe", "sunsubscribe", "watch"];
  const described = new Set([...keyless.map(({ name }) => name), ...withKeys]);
  assertEquals(Object.keys(localTexts).toSorted(), [...described].toSorted());
});
