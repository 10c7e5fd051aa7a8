/**
 * Finds keys and tables that a TOML text defines twice, with the lines of both definitions. The TOML library
 * refuses such a text, but names the later line only, and only the first such key.
 *
 * @module
 */
import { showKey } from "./problem.ts";

/** A key with more than one definition in its table. */
export interface RepeatedKey {
  /** Path as written, such as `clusters[0].thread`. */
  path: string;
  /** Line of the later definition, from 1. */
  line: number;
  /** Line of the first definition, from 1. */
  firstLine: number;
}

/** Path of a table or key: exact, for comparing, and as shown. */
interface KeyPath {
  exact: string;
  shown: string;
}

const ROOT: KeyPath = { exact: "", shown: "" };

/** Finds every repeated key of a text that is TOML otherwise; of any other text it may find none, or too many. */
export function findRepeatedKeys(text: string): RepeatedKey[] {
  return new DefinitionScanner(text).scan();
}

/** Walks over the definitions of a text; values are only skipped, or searched for inner keys. */
class DefinitionScanner {
  readonly #text: string;
  #position = 0;
  /** How far lines are counted; definitions come in the order of the text. */
  #countedPosition = 0;
  #line = 1;
  /** Line in which each exact path was defined first. */
  readonly #firstLines = new Map<string, number>();
  /** Index of the newest element of each array of tables. */
  readonly #newestElements = new Map<string, number>();
  readonly #repeated: RepeatedKey[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): RepeatedKey[] {
    let table = ROOT;
    while (this.#skipTo(/[^\s]/)) {
      const before = this.#position;
      if (this.#text[this.#position] === "[") table = this.#header();
      else this.#definition(table);
      if (this.#position === before) break;
    }
    return this.#repeated;
  }

  /** Reads `[table]` or `[[table]]`. */
  #header(): KeyPath {
    const start = this.#position;
    const isArray = this.#text.startsWith("[[", start);
    this.#position += isArray ? 2 : 1;
    const parts = this.#key();
    this.#position += isArray ? 2 : 1;
    let path = ROOT;
    for (const [index, part] of parts.entries()) {
      path = child(path, part);
      if (index < parts.length - 1 || !isArray) path = this.#newestElement(path);
    }
    if (!isArray) {
      this.#define(path, start);
      return path;
    }
    this.#newestElements.set(path.exact, (this.#newestElements.get(path.exact) ?? -1) + 1);
    return this.#newestElement(path);
  }

  /** Reads `key = value`. */
  #definition(table: KeyPath): void {
    const start = this.#position;
    const path = this.#key().reduce(child, table);
    this.#define(path, start);
    this.#position++;
    this.#value(path);
  }

  /** Reads a key with its dots, up to what follows it. */
  #key(): string[] {
    const parts: string[] = [];
    do {
      this.#match(/[ \t.]*/y);
      const part = this.#match(/"(?:\\.|[^"\\])*"|'[^']*'|[^\s.=\]"']+/y);
      parts.push(/^["']/.test(part) ? part.slice(1, -1) : part);
      this.#match(/[ \t]*/y);
    } while (this.#text[this.#position] === ".");
    return parts;
  }

  #value(path: KeyPath): void {
    this.#match(/[ \t]*/y);
    const first = this.#text[this.#position];
    if (first === "[") {
      this.#position++;
      for (let index = 0; this.#skipTo(/[^\s,]/, "]"); index++) {
        const before = this.#position;
        this.#value(element(path, index));
        // Only a text that is not TOML stands still here.
        if (this.#position === before) this.#position++;
      }
    } else if (first === "{") {
      this.#position++;
      while (this.#skipTo(/[^\s,]/, "}")) this.#definition(path);
    } else {
      const string = this.#match(
        /"""(?:\\[^]|(?!""")[^])*"{3,5}|'''(?:(?!''')[^])*'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'/y,
      );
      if (string === "") this.#match(/[^,\]}#\n]*/y);
    }
  }

  /** Skips blanks and comments; false at the end of the text or, having passed it, at `end`. */
  #skipTo(wanted: RegExp, end = ""): boolean {
    while (this.#position < this.#text.length) {
      const character = this.#text[this.#position]!;
      if (character === end) {
        this.#position++;
        return false;
      }
      if (character === "#") this.#match(/[^\n]*/y);
      else if (wanted.test(character)) return true;
      else this.#position++;
    }
    return false;
  }

  /** Consumes what a sticky pattern matches here; the empty string if nothing does. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#position += found.length;
    return found;
  }

  #newestElement(path: KeyPath): KeyPath {
    const index = this.#newestElements.get(path.exact);
    return index === undefined ? path : element(path, index);
  }

  #define(path: KeyPath, position: number): void {
    const line = this.#lineAt(position);
    const firstLine = this.#firstLines.get(path.exact);
    if (firstLine === undefined) this.#firstLines.set(path.exact, line);
    else this.#repeated.push({ path: path.shown, line, firstLine });
  }

  /** Counts on from where it was last, so that a text is counted once. */
  #lineAt(position: number): number {
    while (this.#countedPosition < position) {
      if (this.#text[this.#countedPosition++] === "\n") this.#line++;
    }
    return this.#line;
  }
}

function child(parent: KeyPath, key: string): KeyPath {
  const dot = parent.exact === "" ? "" : ".";
  return {
    exact: `${parent.exact}${dot}${JSON.stringify(key)}`,
    shown: `${parent.shown}${dot}${showKey(key)}`,
  };
}

function element(array: KeyPath, index: number): KeyPath {
  return { exact: `${array.exact}[${index}]`, shown: `${array.shown}[${index}]` };
}
