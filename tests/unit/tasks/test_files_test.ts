import { assert, assertEquals } from "../../deps.ts";
import { findExamples, findTestJobs, leftToCi, LONG_TESTS } from "../../../tasks/test_files.ts";

Deno.test("tests that drive the proxy run under each engine, the others once", () => {
  const jobs = findTestJobs(["tests/proxy/threads", "tests/unit/clock"], ["deno", "epoll"]);
  assertEquals(jobs, [
    { name: "tests/proxy/threads_test.ts (deno)", path: "tests/proxy/threads_test.ts", io: "deno" },
    {
      name: "tests/proxy/threads_test.ts (epoll)",
      path: "tests/proxy/threads_test.ts",
      io: "epoll",
    },
    { name: "tests/unit/clock_test.ts", path: "tests/unit/clock_test.ts", io: null },
  ]);
});

Deno.test("each of the tests that are left to deno task ci is there, with a reason", () => {
  const jobs = findTestJobs([], ["deno", "epoll"]);
  for (const { begins, why } of LONG_TESTS) {
    assert(jobs.some(({ path }) => path.startsWith(begins)), begins);
    assert(why !== "");
  }
  assert(jobs.filter(leftToCi).length < jobs.length / 10);
});

Deno.test("code with an example in a comment is found, and code without any is not", () => {
  const found = findExamples();
  assert(found.includes("src/embed.ts"));
  assert(!found.includes("src/clock.ts"));
});
