import {
  columnsOf,
  FIRST_STATE,
  PAGES,
  pressKey,
  renderScreen,
  rowsOf,
  type ScreenState,
} from "../../../src/top/screen.ts";
import { type BackendRow, computeView, type TopView } from "../../../src/top/top_view.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { answers } from "./top_view_test.ts";

const TERMINAL = { columns: 140, rows: 24, hasColours: false };

function view(): TopView {
  return computeView(answers({ atMs: 0, requests: 0 }), answers({ atMs: 1_000, requests: 250 }));
}

function press(...keys: string[]): ScreenState {
  return keys.reduce(pressKey, FIRST_STATE);
}

Deno.test("a screen has what is wrong, the pages and the table, and nothing beyond its size", () => {
  const lines = renderScreen(view(), FIRST_STATE, TERMINAL);
  assertMatch(lines[0]!, /^aster 1\.2\.3 {2}up 1h 1m {2}2 clients {2}250 req\/s/);
  assertEquals(lines[1], "nothing is wrong");
  assertMatch(lines[2]!, /\[1 backends\] 2 commands/);
  assertMatch(lines[5]!, /^main +r0 +up +250 +60 µs +900 µs +1 +0 +0 B +0\.0/);
  for (const [columns, rows] of [[20, 3], [80, 6], [1, 1]] as const) {
    const small = renderScreen(view(), FIRST_STATE, { columns, rows, hasColours: false });
    assert(small.length <= rows && small.every((line) => line.length <= columns));
  }
});

Deno.test("each page shows its rows", () => {
  const found = PAGES.map((page, index) => {
    const state = press(String(index + 1));
    assertEquals(state.page, page);
    return renderScreen(view(), state, TERMINAL)[5]!.trim();
  });
  assertMatch(found[1]!, /^main +get +250 +50 µs +99 µs +250$/);
  assertMatch(found[2]!, /^00:00:01\.500 +main +20 ms/);
  assertMatch(found[3]!, /^main +hot +640 +32 +- +10\.0\.0\.1:6379 +hot$/);
  assertMatch(found[4]!, /^main +10\.0\.0\.9 +2 +0 B$/);
  assertMatch(found[5]!, /^0 +serves +2 +250 +1 +4\.8 M +0$/);
  assertMatch(found[6]!, /^2026-01-01T00:00:00 +main +r0 is back$/);
});

Deno.test("nothing that others have chosen steers the terminal", () => {
  const line = renderScreen(view(), press("3"), TERMINAL)[5]!;
  assert(!line.includes("\x1b"), line);
  assertMatch(line, /GET slow\\x1b\[2Jkey/);
});

Deno.test("rows are sorted by each column in turn, and the other way round", () => {
  const [row] = view().backends;
  const made = (name: string, requestsPerSecond: number | null): BackendRow => ({
    ...row!,
    ...{ name, requestsPerSecond },
  });
  const shown = { ...view(), backends: [made("b", null), made("a", 5), made("c", 9)] };
  const names = (state: ScreenState) =>
    (rowsOf(shown, state) as BackendRow[]).map(({ name }) => name);
  assertEquals(names(FIRST_STATE), ["b", "a", "c"]);
  assertEquals(names(press("s", "s")), ["a", "b", "c"]);
  assertEquals(names(press("s", "s", "s", "s")), ["c", "a", "b"]);
  assertEquals(names(press("s", "s", "r")), ["c", "b", "a"]);
  const all = columnsOf("backends").length;
  assertEquals(press(...new Array<string>(all + 1).fill("s")).sort, null);
  // Another page has other columns.
  assertEquals(press("s", "2").sort, null);
});

Deno.test("a filter is typed, mended, kept and cleared", () => {
  assertEquals(press("/", "r", "0", "x", "\x7f").filter, "r0");
  assertEquals(rowsOf(view(), press("/", "R", "0")).length, 1);
  assertEquals(rowsOf(view(), press("/", "z")).length, 0);
  assertEquals(renderScreen(view(), press("/", "z"), TERMINAL).at(-1), "none");
  const kept = press("/", "q", "\r");
  assertEquals([kept.filter, kept.isTyping, kept.isOver], ["q", false, false]);
  assertEquals(press("/", "a", "\r", "\x1b").filter, "");
  assertEquals(press("/", "a", "\x1b").isTyping, false);
  assertEquals(press("/", ..."x".repeat(100)).filter.length, 64);
});

Deno.test("q and Ctrl-C end it, p lets it stand still, tab goes to the next page", () => {
  assertEquals([press("q").isOver, press("\x03").isOver, press("/", "\x03").isOver], [
    ...[true, true, true],
  ]);
  assertEquals([press("p").isFrozen, press("p", "p").isFrozen], [true, false]);
  assertEquals(press("\t").page, "commands");
  assertEquals(press(...new Array<string>(PAGES.length).fill("\t")).page, "backends");
  assertEquals(press("x"), FIRST_STATE);
});

Deno.test("what is wrong is red, where there are colours", () => {
  const bad = computeView(
    answers({ atMs: 0, requests: 0 }),
    answers({ atMs: 1_000, requests: 0, isHealthy: false }),
  );
  const lines = renderScreen({ ...bad, problems: ["main: r0 is down"] }, FIRST_STATE, {
    ...TERMINAL,
    hasColours: true,
  });
  assert(lines[1]!.startsWith("\x1b[31mmain: r0 is down"));
  assert(lines[5]!.startsWith("\x1b[31m"));
});

Deno.test("each problem has a line, and very many are counted", () => {
  const shown = (count: number) => {
    const problems = Array.from({ length: count }, (_, index) => `problem ${index}`);
    return renderScreen({ ...view(), problems }, FIRST_STATE, TERMINAL).slice(1, 8);
  };
  assertEquals(shown(3).slice(0, 3), ["problem 0", "problem 1", "problem 2"]);
  assertEquals(shown(9).slice(4, 6), ["problem 4", "and 4 more"]);
});
