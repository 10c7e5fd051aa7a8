import { assertEquals } from "../../../deps.ts";
import { findFunctions } from "../../../support/rules/function_lengths.ts";

const text = `export class Thing {
  constructor(
    readonly one: number,
    readonly two: { three: string },
  ) {
    if (one > 2) {
      two.three;
    }
  }

  static async #run<Result>(work: () => Result): Promise<Result> {
    for (const item of [1]) {
      item;
    }
    return await work();
  }
}

export function plain({ a, b }: { a: number; b: number }): void {
  items.forEach((item) => {
    item;
  });
  call(
    "text",
    {
      key: 1,
    },
  );
}

contract({
  key: () => 1,
});

interface Shape {
  key: string;
}
`;

Deno.test("functions, methods and arrow functions are found with their lengths", () => {
  assertEquals(
    findFunctions(text).map(({ line, lineCount }) => ({ line, lineCount })),
    [
      { line: 2, lineCount: 8 },
      { line: 11, lineCount: 6 },
      { line: 19, lineCount: 11 },
      { line: 20, lineCount: 3 },
    ],
  );
});
