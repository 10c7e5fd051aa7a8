/**
 * The files of `examples/`: configurations that `--check` accepts, and programs that run as they say.
 *
 * @module
 */
import { formatProblem, loadConfig } from "../../src/config/load.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { CHECK_OPTIONS } from "../unit/config/load_text.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const files = [...Deno.readDirSync(EXAMPLES)].map(({ name, isDirectory }) =>
  isDirectory ? `${name}/` : name
).toSorted();

Deno.test("every example of a configuration is one that --check accepts, and the list has all of them", () => {
  const index = Deno.readTextFileSync(new URL("README.md", EXAMPLES));
  for (const file of files.filter((name) => name !== "README.md")) {
    assert(index.includes(`[${file}](${file})`), file);
    if (!file.endsWith(".toml")) continue;
    const { problems, warnings } = loadConfig(
      Deno.readTextFileSync(new URL(file, EXAMPLES)),
      file,
      CHECK_OPTIONS,
    );
    assertEquals([...problems, ...warnings].map(formatProblem), []);
  }
});

Deno.test("the example of an embedding program serves, goes over to more servers, and ends by itself", async () => {
  await using one = await startRedisServer();
  await using other = await startRedisServer();
  const listen = `127.0.0.1:${findFreePort()}`;
  const servers = [one, other].map(({ port }) => `127.0.0.1:${port}`);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-net", "--allow-read", "--allow-env"],
      ...["examples/embedding.ts", listen, ...servers],
    ],
    cwd: new URL("../", EXAMPLES),
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assert(success, new TextDecoder().decode(stderr));
  assertMatch(printed, new RegExp(`^serves on ${listen}\nservers: 2\nready: true .*"cache"`));
  for (const server of servers) assert(printed.includes(server), server);
  assertMatch(printed, /\naster_requests_total\{cluster="cache"\} 0\n$/);
});
