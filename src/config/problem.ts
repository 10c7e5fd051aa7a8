/**
 * What is wrong with a configuration: where it stands, what it says and what was expected. Values
 * are shown shortened, and never where they could be a secret.
 *
 * @module
 */

/** One error or warning about a configuration. */
export interface Problem {
  /** File it stands in as given, `environment` or `command line`. */
  file: string;
  /** Key path as written, such as `clusters[1].servers[0]`; empty if it concerns the whole file. */
  path: string;
  /** The value as it is shown, or null if there is none or it may be a secret. */
  value: string | null;
  /** What was expected, or what is wrong. */
  message: string;
}

/** Longest text of one value or key in a problem, in characters. */
export const SHOWN_CHARACTERS_LIMIT = 80;

/** Collects what is found, so that everything is reported at once. */
export class Report {
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** File that problems are reported for. */
  readonly file: string;

  constructor(file: string, problems: Problem[] = [], warnings: Problem[] = []) {
    this.file = file;
    this.problems = problems;
    this.warnings = warnings;
  }

  /** A report that adds to this one, for another source of settings. */
  about(file: string): Report {
    return new Report(file, this.problems, this.warnings);
  }

  /** Adds an error. `value` is the raw value; leave it out where there is none or it is secret. */
  problem(path: string, message: string, value?: unknown): void {
    this.problems.push(this.#entry(path, message, value));
  }

  /** Adds a warning; see {@link Report.problem}. */
  warning(path: string, message: string, value?: unknown): void {
    this.warnings.push(this.#entry(path, message, value));
  }

  #entry(path: string, message: string, value: unknown): Problem {
    return { file: this.file, path, value: value === undefined ? null : showValue(value), message };
  }
}

/** Where keys stand that are read together, and what hears of everything that is wrong with them. */
export interface EntryPlace {
  /** The path of one of these keys. */
  pathOf(key: string): string;
  readonly report: Report;
}

/** One line for the terminal or the log: `file: path = value: message`. */
export function formatProblem(problem: Problem): string {
  const { file, path, value, message } = problem;
  if (path === "") return `${file}: ${message}`;
  return value === null
    ? `${file}: ${path}: ${message}`
    : `${file}: ${path} = ${value}: ${message}`;
}

/**
 * Writes a value for a message: shortened to {@link SHOWN_CHARACTERS_LIMIT}, control characters
 * escaped, and what stands before an `@` or behind a `?` (credentials and options of a URL) replaced by `***`.
 */
export function showValue(value: unknown): string {
  if (typeof value === "string") {
    return quote(value.replace(/^.*@/s, "***@").replace(/\?.*$/s, "?***"));
  }
  if (value instanceof Date) return "a date";
  if (Array.isArray(value)) return `an array of ${value.length} values`;
  if (typeof value === "object" && value !== null) return "a table";
  return String(value);
}

/** Writes a key for a path: as it is if it is a bare key, else quoted and shortened. */
export function showKey(key: string): string {
  return /^[A-Za-z0-9_-]{1,80}$/.test(key) ? key : quote(key);
}

function quote(text: string): string {
  const shown = text.length <= SHOWN_CHARACTERS_LIMIT
    ? text
    : `${text.slice(0, SHOWN_CHARACTERS_LIMIT)}…`;
  // JSON leaves these as they are: C1 controls, line separators, and marks that turn the writing
  // direction.
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
