import { AnswersDue, type DueAnswer } from "../../../../src/redis/pubsub/answers_due.ts";
import { assertEquals, assertStrictEquals } from "../../../deps.ts";

function due(name: string): DueAnswer {
  return { verb: "subscribe", name, site: null };
}

Deno.test("answers come oldest first, however many are due and come in between", () => {
  const answers = new AnswersDue();
  assertEquals([answers.isEmpty, answers.oldest], [true, null]);
  let pushed = 0;
  let shifted = 0;
  for (let round = 0; round < 20_000; round++) {
    answers.push(due(`${pushed++}`));
    if (round % 3 !== 0) continue;
    assertEquals(answers.oldest!.name, `${shifted++}`);
    answers.shift();
  }
  while (!answers.isEmpty) {
    assertEquals(answers.oldest!.name, `${shifted++}`);
    answers.shift();
  }
  assertEquals(shifted, pushed);
});

Deno.test("those of a lost connection are forgotten", () => {
  const answers = new AnswersDue();
  answers.push(due("a"));
  answers.clear();
  assertEquals(answers.isEmpty, true);
  const next = due("b");
  answers.push(next);
  assertStrictEquals(answers.oldest, next);
});
