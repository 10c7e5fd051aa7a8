import { createCommandTable } from "../../../../../src/protocol/command_table.ts";
import { RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { definitionsOf, describe } from "../../../../../src/protocol/resp/commands/catalogue.ts";
import { parseSpecifications } from "../../../../../src/protocol/resp/commands/key_specifications.ts";
import { keysBy } from "../../../../../src/protocol/resp/commands/route.ts";
import { keysBySpecification } from "../../../../../src/protocol/resp/key_finders/routed_keys.ts";
import { RequestDescriber } from "../../../../../src/protocol/resp/parse/request_describer.ts";
import { RespRequestParser } from "../../../../../src/protocol/resp/parse/request_parser.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf, request } from "../parse.ts";

/** The keys of a request of a command with these specifications, or the error that it is answered with. */
function keysOf(specifications: string, ...words: string[]): string[] | string {
  const finder = keysBySpecification(parseSpecifications(specifications));
  const table = createCommandTable(
    definitionsOf(describe(["new", -1, "write", "", keysBy(finder)])),
  );
  const frame = new RequestFrame();
  const bytes = bytesOf(request("new", ...words));
  new RespRequestParser(frame, new RequestDescriber(table)).parse(bytes, 0, bytes.length);
  if (frame.refusal !== null) return new TextDecoder().decode(frame.refusal).trim();
  const all = ["new", ...words];
  const keys = Array.from(
    { length: frame.keyCount },
    (_, key) => all[frame.firstKey + key * frame.keyStep]!,
  );
  return frame.extraKey < 0 ? keys : [...keys, all[frame.extraKey]!];
}

for (
  const [specifications, words, keys] of [
    ["RO access: 1", "a b", ["a"]],
    ["RO access: 1", "", []],
    ["RO access: 1 to -1", "a b c", ["a", "b", "c"]],
    ["RO access: 1 to -2", "a b c", ["a", "b"]],
    ["RO access: 1 to -2", "a", []],
    ["OW update: 1 to -1 step 2", "a 1 b 2", ["a", "b"]],
    ["OW update: 1 to -1 step 2", "a 1 b", ["a", "b"]],
    ["RO access: 1 to +3", "a b", ["a", "b"]],
    ["RO access: 1, RW insert: 3", "a x b", ["a", "b"]],
    ["RO access: 2 counted, OW update: 1", "to 2 a b x", ["a", "b", "to"]],
    ["RO access: 1 counted", "0 x", []],
    ["RO access: 1 counted step 2", "2 a 1 b", ["a", "b"]],
    ["RO access: 1 counted", "3 a b", "-ERR Number of keys can't be greater than number of args"],
    ["RO access: 1 counted", "x a b", "-ERR value is not an integer or out of range"],
    ["RO access: 1 counted", "-1 a b", "-ERR Number of keys can't be negative"],
    ["RO access: STREAMS from 1 to -1 limit 2", "x Streams a b 1 2", ["a", "b"]],
    ["RO access: STREAMS from 1 to -1 limit 2", "x a b", []],
    ["RO access: 1, OW update: STORE from 2", "a limit 1 store to", ["a", "to"]],
    ["RO access: 1, OW update: STORE from 2", "a store", ["a"]],
    ["RW delete: KEYS from -2 to -1", "x keys a b", ["a", "b"]],
    [
      "RO access: 1 to +1, RO access: 4 to +1",
      "a b x c d",
      "-ERR the keys of this request stand in places that cannot be routed by",
    ],
  ] as const
) {
  Deno.test(`"${specifications}" finds ${JSON.stringify(keys)} in "${words}"`, () => {
    assertEquals(keysOf(specifications, ...words.split(" ").filter((word) => word !== "")), keys);
  });
}
