import {
  Action,
  type CommandDefinition,
  createCommandTable,
  Merge,
} from "../../../../../src/protocol/command_table.ts";
import { RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { RequestDescriber } from "../../../../../src/protocol/resp/parse/request_describer.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function forward(
  name: string,
  arity: number,
  flags: number,
  firstKey: number,
  lastKey: number,
  keyStep: number,
): CommandDefinition {
  return {
    ...{ name, arity, flags, firstKey, lastKey, keyStep },
    action: Action.Forward,
    keyFinder: null,
    merge: Merge.None,
    refusal: null,
  };
}

/** Describes words of one letter, one behind the other; the first is the command. */
function describe(rows: CommandDefinition[], words: string): RequestFrame {
  const frame = new RequestFrame();
  const bytes = bytesOf(`..${words}`);
  frame.start = 2;
  frame.argumentCount = words.length;
  for (let word = 0; word < words.length; word++) {
    frame.offsets[2 * word] = word;
    frame.offsets[2 * word + 1] = word + 1;
  }
  new RequestDescriber(createCommandTable(rows)).describe(frame, bytes);
  return frame;
}

function split(row: CommandDefinition): CommandDefinition {
  return { ...row, action: Action.Split, merge: Merge.AllSucceeded };
}

/** First key, step, number of keys, extra key, and the error. */
function keys(rows: CommandDefinition[], words: string): unknown[] {
  const { firstKey, keyStep, keyCount, extraKey, refusal } = describe(rows, words);
  const text = refusal === null ? null : new TextDecoder().decode(refusal);
  return [firstKey, keyStep, keyCount, extraKey, text];
}

Deno.test("the columns say where the keys are", () => {
  assertEquals(keys([forward("c", 2, 1, 1, 1, 1)], "ck"), [1, 1, 1, -1, null]);
  assertEquals(keys([forward("c", -1, 0, 0, 0, 0)], "cxx"), [0, 1, 0, -1, null]);
  assertEquals(keys([forward("c", -3, 1, 1, 2, 1)], "cabx"), [1, 1, 2, -1, null]);
  assertEquals(keys([forward("c", -4, 2, 2, -1, 1)], "cxabd"), [2, 1, 3, -1, null]);
  assertEquals(keys([split(forward("c", -3, 2, 1, -1, 2))], "cavbw"), [
    ...[1, 2, 2, -1, null],
  ]);
  assertEquals(keys([forward("c", -4, 2, 1, -2, 1)], "cabx"), [1, 1, 2, -1, null]);
});

Deno.test("keys that lack their value are a wrong number of words", () => {
  const rows = [split(forward("c", -3, 2, 1, -1, 2))];
  const text = "-ERR wrong number of arguments for 'c' command\r\n";
  assertEquals(keys(rows, "cavb")[4], text);
});

Deno.test("arity counts the command's name", () => {
  const text = "-ERR wrong number of arguments for 'c' command\r\n";
  const exact = [forward("c", 2, 1, 1, 1, 1)];
  const least = [forward("c", -3, 1, 1, 1, 1)];
  assertEquals([keys(exact, "c")[4], keys(exact, "cab")[4]], [text, text]);
  assertEquals([keys(least, "ca")[4], keys(least, "cabcd")[4]], [text, null]);
});

Deno.test("a key finder runs after the columns, and may refuse", () => {
  const row: CommandDefinition = {
    ...forward("c", -2, 2, 1, 1, 1),
    keyFinder: (frame) => {
      frame.extraKey = 2;
      if (frame.argumentCount > 3) frame.refusal = bytesOf("-ERR no\r\n");
    },
  };
  assertEquals(keys([row], "cab"), [1, 1, 1, 2, null]);
  assertEquals(keys([row], "cabx")[4], "-ERR no\r\n");
});

Deno.test("a refused row says why, a wrong number of words comes first", () => {
  const rows = [{
    ...forward("c", 2, 1, 1, 1, 1),
    action: Action.Refuse,
    refusal: "'c' is not supported: because",
  }];
  assertEquals(describe(rows, "ck").row?.action, Action.Refuse);
  assertEquals(keys(rows, "ck")[4], "-ERR 'c' is not supported: because\r\n");
  assertEquals(keys(rows, "c")[4], "-ERR wrong number of arguments for 'c' command\r\n");
});

Deno.test("an unknown command has no row and no keys", () => {
  const frame = describe([forward("c", 2, 1, 1, 1, 1)], "da");
  assertEquals([frame.row, frame.keyCount], [null, 0]);
});
