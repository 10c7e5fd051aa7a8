/**
 * The command line of the benchmark.
 *
 * @module
 */
import { parseOptions } from "../../bench/options.ts";
import { assertEquals, assertThrows } from "../deps.ts";

Deno.test("both engines are measured beside nutcracker, unless one is named", () => {
  assertEquals(parseOptions([])?.engines, ["deno", "epoll"]);
  assertEquals(parseOptions(["--io", "deno"])?.engines, ["deno"]);
  assertEquals(parseOptions(["--io", "epoll", "--quick"])?.engines, ["epoll"]);
  assertThrows(() => parseOptions(["--io", "uring"]), Error, "--io uring: not deno or epoll");
});

Deno.test("not beside nutcracker only Deno's engine is measured, unless epoll is named", () => {
  assertEquals(parseOptions(["--calibrate"])?.engines, ["deno"]);
  assertEquals(parseOptions(["--self-compare", "HEAD~1"])?.engines, ["deno"]);
  assertEquals(parseOptions(["--self-compare", "HEAD~1", "--io", "epoll"])?.engines, ["epoll"]);
});

Deno.test("a run of the larger matrix is shorter, unless its length is named", () => {
  assertEquals(parseOptions([])?.seconds, { deno: 3, epoll: 2 });
  assertEquals(parseOptions([])?.rounds, 5);
  assertEquals(parseOptions(["--quick"])?.seconds, { deno: 1.5, epoll: 1.5 });
  assertEquals(parseOptions(["--seconds", "0.5"])?.seconds, { deno: 0.5, epoll: 0.5 });
  assertThrows(() => parseOptions(["--seconds", "0"]), Error, "--seconds 0");
});
