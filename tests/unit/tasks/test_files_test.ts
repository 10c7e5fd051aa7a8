import { assertEquals } from "../../deps.ts";
import { findTestJobs } from "../../../tasks/test_files.ts";

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
