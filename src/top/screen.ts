/**
 * What `aster top` writes to the terminal: a view as lines of text, and what keys do to it.
 *
 * @module
 */
import type { TopView } from "./top_view.ts";

/** The tables that there are, in the order of their keys. */
export const PAGES = [
  "backends",
  "commands",
  "slow",
  "keys",
  "clients",
  "workers",
  "changes",
] as const;
/** One of {@link PAGES}. */
export type Page = typeof PAGES[number];

/** What the person at the terminal has chosen. */
export interface ScreenState {
  readonly page: Page;
  /** Title of the column by which rows are sorted; null: as they come. */
  readonly sort: string | null;
  readonly isReversed: boolean;
  /** Rows that do not hold this text are left out. */
  readonly filter: string;
  /** Whether the filter is being typed. */
  readonly isTyping: boolean;
  /** Whether the view stands still. */
  readonly isFrozen: boolean;
  readonly isOver: boolean;
}

/** How it begins. */
export const FIRST_STATE: ScreenState = {
  page: "backends",
  sort: null,
  isReversed: false,
  filter: "",
  isTyping: false,
  isFrozen: false,
  isOver: false,
};

/** Size and abilities of the terminal. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly hasColours: boolean;
}

type Cell = string | number | null;

interface Column<Row> {
  readonly title: string;
  /** Characters; the last column of a table takes what is left. */
  readonly width: number;
  /** Least columns of a terminal that has room for it; any if left out. */
  readonly from?: number;
  value(row: Row): Cell;
  /** As it is shown; as it is if left out. */
  show?(value: Cell): string;
}

interface Table<Row> {
  rows(view: TopView): readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Whether a row is to be seen. */
  isBad?(row: Row): boolean;
}

function table<Row>(made: Table<Row>): Table<unknown> {
  return made as Table<unknown>;
}

const rate = (value: Cell) =>
  value === null ? "-" : Number(value).toFixed(Number(value) < 10 ? 1 : 0);
const tables: Record<Page, Table<unknown>> = {
  backends: table<TopView["backends"][number]>({
    rows: (view) => view.backends,
    isBad: ({ state, failuresPerSecond }) => state === "down" || (failuresPerSecond ?? 0) > 0,
    columns: [
      { title: "cluster", width: 14, from: 90, value: (row) => row.cluster },
      { title: "server", width: 22, value: (row) => row.name },
      { title: "state", width: 7, value: (row) => row.state },
      { title: "req/s", width: 9, value: (row) => row.requestsPerSecond, show: rate },
      { title: "p50", width: 8, value: (row) => row.p50Us, show: showTime },
      { title: "p99", width: 8, value: (row) => row.p99Us, show: showTime },
      { title: "flight", width: 7, value: (row) => row.inFlight },
      { title: "queue", width: 7, value: (row) => row.queuedRequests },
      {
        title: "bytes",
        width: 8,
        from: 100,
        value: (row) => row.queuedBytes,
        show: showBytesCount,
      },
      { title: "fail/s", width: 7, value: (row) => row.failuresPerSecond, show: rate },
      { title: "why", width: 16, value: (row) => row.failure },
    ],
  }),
  commands: table<TopView["commands"][number]>({
    rows: (view) => view.commands,
    columns: [
      { title: "cluster", width: 14, value: (row) => row.cluster },
      { title: "command", width: 20, value: (row) => row.command },
      { title: "req/s", width: 9, value: (row) => row.requestsPerSecond, show: rate },
      { title: "p50", width: 8, value: (row) => row.p50Us, show: showTime },
      { title: "p99", width: 8, value: (row) => row.p99Us, show: showTime },
      { title: "requests", width: 12, value: (row) => row.requests },
    ],
  }),
  slow: table<TopView["slow"][number]>({
    rows: (view) => view.slow,
    isBad: ({ failure }) => failure !== "",
    columns: [
      { title: "time", width: 12, value: (row) => row.time.slice(11, 23) },
      { title: "cluster", width: 12, from: 120, value: (row) => row.cluster },
      { title: "all", width: 8, value: (row) => row.totalUs, show: showTime },
      { title: "queue", width: 8, value: (row) => row.queueUs, show: showTime },
      { title: "server", width: 8, value: (row) => row.serverUs, show: showTime },
      { title: "backend", width: 21, from: 100, value: (row) => row.backend },
      { title: "client", width: 21, from: 140, value: (row) => row.clientAddress },
      { title: "why", width: 16, from: 160, value: (row) => row.failure },
      { title: "request", width: 40, value: (row) => row.words.join(" ") },
    ],
  }),
  keys: table<TopView["keys"][number]>({
    rows: (view) => view.keys,
    columns: [
      { title: "cluster", width: 14, value: (row) => row.cluster },
      { title: "kind", width: 12, value: (row) => row.kind },
      { title: "times", width: 10, value: (row) => row.hits },
      { title: "±", width: 8, value: (row) => row.error },
      { title: "size", width: 9, value: (row) => row.bytes || null, show: showBytesCount },
      { title: "server", width: 21, from: 90, value: (row) => row.backend },
      { title: "key", width: 40, value: (row) => row.key },
    ],
  }),
  clients: table<TopView["addresses"][number]>({
    rows: (view) => view.addresses,
    columns: [
      { title: "cluster", width: 14, value: (row) => row.cluster },
      { title: "address", width: 40, value: (row) => row.address || "unknown" },
      { title: "clients", width: 8, value: (row) => row.clients },
      { title: "unread", width: 9, value: (row) => row.outputBytes, show: showBytesCount },
    ],
  }),
  workers: table<TopView["workers"][number]>({
    rows: (view) => view.workers,
    isBad: ({ state, loopDelayMs }) => state !== "serves" || (loopDelayMs ?? 0) >= BUSY_MS,
    columns: [
      { title: "worker", width: 7, value: (row) => row.number },
      { title: "state", width: 14, value: (row) => row.state },
      { title: "clients", width: 8, value: (row) => row.clients },
      { title: "req/s", width: 9, value: (row) => row.requestsPerSecond, show: rate },
      { title: "delay ms", width: 9, value: (row) => row.loopDelayMs },
      { title: "heap", width: 9, value: (row) => row.heapBytes, show: showBytesCount },
      { title: "replaced", width: 9, value: (row) => row.restarts },
    ],
  }),
  changes: table<TopView["changes"][number]>({
    rows: (view) => view.changes,
    columns: [
      { title: "time", width: 20, value: (row) => row.time.slice(0, 19) },
      { title: "cluster", width: 16, value: (row) => row.cluster },
      { title: "change", width: 60, value: (row) => row.text },
    ],
  }),
};

/** The titles of a page's columns. */
export function columnsOf(page: Page): string[] {
  return tables[page].columns.map(({ title }) => title);
}

/** What a key does; keys are as a terminal sends them. */
export function pressKey(state: ScreenState, key: string): ScreenState {
  if (key === "\x03") return { ...state, isOver: true };
  if (state.isTyping) return typeKey(state, key);
  const number = Number(key);
  if (/^[1-7]$/.test(key)) return toPage(state, PAGES[number - 1]!);
  switch (key) {
    case "q":
      return { ...state, isOver: true };
    case "\t":
      return toPage(state, PAGES[(PAGES.indexOf(state.page) + 1) % PAGES.length]!);
    case "s": {
      const titles = [null, ...columnsOf(state.page)];
      const next = titles[(titles.indexOf(state.sort) + 1) % titles.length]!;
      return { ...state, sort: next };
    }
    case "r":
      return { ...state, isReversed: !state.isReversed };
    case "/":
      return { ...state, isTyping: true };
    case "\x1b":
      return { ...state, filter: "" };
    case "p":
      return { ...state, isFrozen: !state.isFrozen };
    default:
      return state;
  }
}

function toPage(state: ScreenState, page: Page): ScreenState {
  return page === state.page ? state : { ...state, page, sort: null, isReversed: false };
}

/** Time without a look at sockets for which a worker is marked, milliseconds: from then on it is a problem. */
const BUSY_MS = 200;
/** Lines of what is wrong. */
const PROBLEM_LINES_MAX = 6;
/** Longest filter, characters. */
const FILTER_CHARACTERS_MAX = 64;

function typeKey(state: ScreenState, key: string): ScreenState {
  if (key === "\r" || key === "\n") return { ...state, isTyping: false };
  if (key === "\x1b") return { ...state, isTyping: false, filter: "" };
  if (key === "\x7f" || key === "\b") return { ...state, filter: state.filter.slice(0, -1) };
  if (key.length !== 1 || key < " ") return state;
  return { ...state, filter: (state.filter + key).slice(0, FILTER_CHARACTERS_MAX) };
}

/** The lines of one screen, as many as fit. */
export function renderScreen(view: TopView, state: ScreenState, terminal: Terminal): string[] {
  const { columns, rows } = terminal;
  const paint = (text: string, code: string) =>
    terminal.hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
  const [first, second] = headLines(view, state);
  const lines = [
    paint(fit(first!, columns), "1"),
    ...problemLines(view).map((line) =>
      view.problems.length === 0 ? fit(line, columns) : paint(fit(line, columns), "31")
    ),
    fit(second!, columns),
    "",
  ];
  const { columns: allColumns, isBad } = tables[state.page];
  const tableColumns = allColumns.filter(({ from = 0 }) => from <= columns);
  const shown = rowsOf(view, state);
  lines.push(paint(headOf(tableColumns, state, columns), "7"));
  for (const row of shown) {
    if (lines.length >= rows) break;
    const line = fit(
      tableColumns.map((column, at) => cellText(column, row, at, tableColumns.length)).join(" "),
      columns,
    );
    lines.push(isBad?.(row) ? paint(line, "31") : line);
  }
  if (shown.length === 0 && lines.length < rows) lines.push("none");
  return lines.slice(0, rows);
}

/** What is wrong, a line each; where there is too much the last line says how much more. */
function problemLines({ problems }: TopView): string[] {
  if (problems.length === 0) return ["nothing is wrong"];
  if (problems.length <= PROBLEM_LINES_MAX) return [...problems];
  const shown = problems.slice(0, PROBLEM_LINES_MAX - 1);
  return [...shown, `and ${problems.length - shown.length} more`];
}

/** The rows of the page that is shown, as they are shown. */
export function rowsOf(view: TopView, { page, sort, isReversed, filter }: ScreenState): unknown[] {
  const { columns, rows } = tables[page];
  const wanted = filter.toLowerCase();
  const kept = rows(view).filter((row) =>
    wanted === "" || columns.some(({ value }) => String(value(row)).toLowerCase().includes(wanted))
  );
  const column = columns.find(({ title }) => title === sort);
  if (column !== undefined) {
    kept.sort((one, other) => compare(column.value(one), column.value(other)));
  }
  return isReversed ? kept.reverse() : kept;
}

/** Numbers with the greatest first, texts by the alphabet; what is not known last. */
function compare(one: Cell, other: Cell): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
  if (typeof one === "number" && typeof other === "number") return other - one;
  return String(one) < String(other) ? -1 : String(one) > String(other) ? 1 : 0;
}

function headLines(view: TopView, state: ScreenState): string[] {
  const { version, uptimeSeconds, cpuPercent, memoryBytes, clients } = view;
  const facts = [
    `aster ${version}`,
    `up ${showDuration(uptimeSeconds)}`,
    `${clients} clients`,
    `${rate(view.requestsPerSecond)} req/s`,
    `${rate(view.errorsPerSecond)} errors/s`,
    `cpu ${cpuPercent} %`,
    `memory ${showBytesCount(memoryBytes)}`,
    ...state.isFrozen ? ["frozen"] : [],
  ];
  const pages = PAGES.map((page, index) =>
    page === state.page ? `[${index + 1} ${page}]` : ` ${index + 1} ${page} `
  ).join("");
  const filter = state.isTyping
    ? `/${state.filter}_`
    : state.filter === ""
    ? ""
    : `/${state.filter}`;
  return [facts.join("  "), `${pages}  s sort  r reverse  / filter  p freeze  q quit  ${filter}`];
}

function headOf(columns: readonly Column<unknown>[], state: ScreenState, width: number): string {
  const text = columns.map(({ title, width }, at) => {
    const marked = title === state.sort ? `${title}${state.isReversed ? "^" : "v"}` : title;
    return at === columns.length - 1 ? marked : marked.padEnd(width).slice(0, width);
  }).join(" ");
  return fit(text, width).padEnd(width);
}

function cellText(column: Column<unknown>, row: unknown, at: number, count: number): string {
  const value = column.value(row);
  const text = safe(column.show?.(value) ?? (value === null ? "-" : String(value)));
  if (at === count - 1) return text;
  // What is not known stands where a number would.
  const isNumber = typeof value === "number" || value === null;
  const cut = text.length > column.width ? `${text.slice(0, column.width - 1)}~` : text;
  return isNumber ? cut.padStart(column.width) : cut.padEnd(column.width);
}

function fit(text: string, width: number): string {
  return safe(text).slice(0, Math.max(0, width));
}

/** Characters that steer a terminal, or the direction of its text. */
// deno-lint-ignore no-control-regex
const STEERING = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Names and keys are others' choice: nothing in them may steer the terminal. */
function safe(text: string): string {
  return text.replace(STEERING, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

function showTime(us: Cell): string {
  if (us === null) return "-";
  const value = Number(us);
  if (value < 1_000) return `${value} µs`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} ms`;
  return `${(value / 1_000_000).toFixed(1)} s`;
}

function showBytesCount(bytes: Cell): string {
  if (bytes === null) return "-";
  let value = Number(bytes);
  for (const unit of ["B", "K", "M", "G"]) {
    if (value < 1024 || unit === "G") {
      return `${value.toFixed(value < 10 && unit !== "B" ? 1 : 0)} ${unit}`;
    }
    value /= 1024;
  }
  return "";
}

function showDuration(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit));
  if (days! > 0) return `${days}d ${hours! % 24}h`;
  if (hours! > 0) return `${hours}h ${minutes! % 60}m`;
  return minutes! > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}
