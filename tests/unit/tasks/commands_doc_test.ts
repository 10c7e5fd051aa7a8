import { assert, assertEquals } from "../../deps.ts";
import { isBlockingForm } from "../../../src/protocol/command_table.ts";
import { MemcacheCommands } from "../../../src/protocol/memcache/commands.ts";
import { respCommands, respGroups } from "../../../src/protocol/resp/commands/mod.ts";
import {
  COMMANDS_DOCUMENT,
  describeRoute,
  renderCommandsDocument,
} from "../../../tasks/commands_doc.ts";

const REPOSITORY = new URL("../../../", import.meta.url);

Deno.test("the page of commands is what the tables say; if not, run deno task docs", () => {
  const page = Deno.readTextFileSync(new URL(COMMANDS_DOCUMENT, REPOSITORY));
  assertEquals(page, renderCommandsDocument());
});

Deno.test("the page has every row of both tables once", () => {
  const grouped = respGroups.flatMap(({ records }) => records.map(([name]) => name))
    .filter((name) => !name.includes("|"));
  const named = respCommands.rows.map(({ name }) => name).filter((name) => !isBlockingForm(name));
  assertEquals(grouped.toSorted(), named.toSorted());
  const lines = renderCommandsDocument().split("\n").filter((line) => line.startsWith("| `"));
  assertEquals(lines.length, named.length + new MemcacheCommands().rows.length);
});

Deno.test("a command's line says how it is routed", () => {
  assertEquals(describeRoute("get"), "by key");
  assertEquals(describeRoute("rename"), "keys together");
  assertEquals(describeRoute("sort"), "keys together");
  assertEquals(describeRoute("migrate"), "keys together");
  assertEquals(describeRoute("eval"), "keys together; without keys: any backend");
  assertEquals(describeRoute("xinfo"), "by key, behind the subcommand");
  assertEquals(describeRoute("del"), "split: the sum, or the first error");
  assertEquals(describeRoute("blpop"), "keys together, over a connection of its own");
  assertEquals(describeRoute("ping"), "proxy: `PONG`, or the word");
  assertEquals(
    describeRoute("monitor"),
    "refused: it shows what one server does; connect to that server",
  );
  const line = "| `slabs`          | 1+    |       | refused: it concerns a single server ";
  assert(renderCommandsDocument().split("\n").some((one) => one.startsWith(line)));
});
