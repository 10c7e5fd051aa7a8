/**
 * Requests of every command, of random words: what they are routed by is what clients are told that ask for their keys.
 *
 * @module
 */
import { Action } from "../../../../../src/protocol/command_table.ts";
import { respDescriptions } from "../../../../../src/protocol/resp/commands/mod.ts";
import { KeyProblem } from "../../../../../src/protocol/resp/key_finders/specified_keys.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { randomRequest } from "../../../../support/tools/random_request.ts";
import { seededRandom } from "../../../../support/tools/seed.ts";
import { toldKeys } from "../key_finders/told_keys.ts";
import { parse, request } from "../parse.ts";

/** Requests of each command. */
const REQUESTS = 200;

/** Commands of which servers tell other keys than those that they use, for some requests of no sense; and for which. */
const OTHERWISE_TOLD: Readonly<Record<string, (words: readonly string[]) => boolean>> = {
  // The first destination of either kind is told, the last of all is used.
  georadius: (words) => countOf(words, "store") + countOf(words, "storedist") > 1,
  georadiusbymember: (words) => countOf(words, "store") + countOf(words, "storedist") > 1,
  // The name of a destination is taken for another option.
  sort: (words) => countOf(words, "store") > 0,
  // The first STREAMS is told, though it may be what another option is about; the proxy refuses what is odd.
  xread: (words) => countOf(words, "streams") > 1,
  // Without a group, or with STREAMS for its name, it is looked for too late.
  xreadgroup: (words) => countOf(words, "streams") > 1 || countOf(words.slice(0, 4), "streams") > 0,
};

/** Commands that go by a word which is no key, as servers have it: a channel, or a cursor. */
const BY_NO_KEY = /^(publish|spublish|ssubscribe|sunsubscribe|clusterscan)$/;

function countOf(words: readonly string[], option: string): number {
  return words.filter((word) => word.toLowerCase() === option).length;
}

Deno.test("every command is routed by the keys that it is said to have", () => {
  const random = seededRandom("the keys of random requests");
  let comparedCount = 0;
  const routed = new Set<string>();
  for (const { name, arity, route, subcommands } of respDescriptions.values()) {
    if (subcommands.length > 0 || route.action === Action.Refuse || BY_NO_KEY.test(name)) continue;
    for (let count = 0; count < REQUESTS; count++) {
      const words = randomRequest(random, name, arity);
      if (OTHERWISE_TOLD[name]?.(words)) continue;
      const { frame, refusal } = parse(request(...words));
      if (refusal !== null) continue;
      const told = toldKeys(words, name);
      // Where the words do not fit a server says so, wherever they are sent.
      if (told.problem === KeyProblem.Missing) continue;
      const expected = told.found.map(({ word }) => word);
      const keys = Array.from(
        { length: frame.keyCount },
        (_, key) => frame.firstKey + key * frame.keyStep,
      );
      if (frame.extraKey >= 0) keys.push(frame.extraKey);
      assertEquals(keys.toSorted(), expected.toSorted(), words.join(" "));
      comparedCount += 1;
      if (keys.length > 0) routed.add(name);
    }
  }
  assert(comparedCount > 20_000, `${comparedCount} compared`);
  const without = [...respDescriptions.values()].filter(({ name, keySearch, route }) =>
    keySearch !== null && route.action !== Action.Refuse && !routed.has(name)
  ).map(({ name }) => name);
  assertEquals(without, []);
});
