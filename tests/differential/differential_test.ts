/**
 * A short differential run in each mode, in RESP2 and RESP3; `deno task differential` makes long ones.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { RawClient } from "../servers/raw_client.ts";
import { exceptionFor, EXCEPTIONS } from "./exceptions.ts";
import { areAlike, splitReplies } from "./replies.ts";
import { type Mode, runDifferential, startScene } from "./run.ts";

const COMMANDS = 3_000;

for (const mode of ["one", "three", "cluster"] as const satisfies readonly Mode[]) {
  Deno.test(`random commands are answered as a server answers them: ${mode}`, async () => {
    const seed = seededRandom(`differential: ${mode}`).next();
    const version = seed % 2 === 0 ? 2 : 3;
    const report = await runDifferential({ mode, version, commandCount: COMMANDS, seed });
    assertEquals(report.differences, [], `--mode ${mode} --resp ${version} --seed ${seed}`);
    assert(report.succeeded > 0.6, `${report.succeeded} succeeded`);
    assert(report.successes.size > 170, `${report.successes.size} commands succeeded at all`);
    const known = EXCEPTIONS.filter(({ modes }) => modes.includes(mode)).length;
    assert(report.exceptions.size <= known);
  });
}

Deno.test("every exception that is listed is met", async () => {
  for (const { command, sample, modes } of EXCEPTIONS) {
    for (const mode of modes) {
      await using owned = new AsyncDisposableStack();
      const scene = await startScene(mode, owned);
      using direct = await RawClient.connect(scene.direct.port);
      using proxy = await RawClient.connect(scene.port);
      const words = sample.split(" ");
      const [expected, got] = [await direct.ask(words), await proxy.ask(words)];
      assert(expected !== got, sample);
      assert(
        exceptionFor(words, expected, got, mode)?.startsWith(command ?? "any command"),
        `${expected} ${got}`,
      );
    }
  }
});

Deno.test("replies are split where they end, and compared as is asked", () => {
  const replies = [
    "+OK\r\n",
    "$3\r\n\r\n1\r\n",
    "*2\r\n:1\r\n*1\r\n_\r\n",
    "%1\r\n+a\r\n~0\r\n",
    "$-1\r\n",
  ];
  assertEquals(splitReplies(replies.join("")), replies);
  assert(areAlike("*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", "sorted"));
  assert(!areAlike("*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", "exact"));
  assert(!areAlike("*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+c\r\n", "sorted"));
  assert(areAlike(":1000\r\n", ":1001\r\n", "near") && !areAlike(":1\r\n", ":9000\r\n", "near"));
  assert(
    areAlike("$1\r\na\r\n", "$2\r\nbb\r\n", "shape") && !areAlike("$1\r\na\r\n", "-E\r\n", "shape"),
  );
  assert(!areAlike("*1\r\n+a\r\n", "*2\r\n+a\r\n+b\r\n", "shape"));
});
