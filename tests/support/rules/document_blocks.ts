/**
 * The blocks of code in the documents that users follow.
 *
 * @module
 */
import { readRepository } from "./repository.ts";

/** One block. */
export interface DocumentBlock {
  readonly path: string;
  /** `path:line`. */
  readonly where: string;
  /** What stands behind its first backquotes: `toml`, `sh`, …; mostly nothing. */
  readonly language: string;
  readonly text: string;
}

/** Where examples stand that users follow; decisions and the list of changes tell of other days. */
const documents = readRepository().filter(({ path }) =>
  path.endsWith(".md") && !path.startsWith("docs/decisions/") && path !== "CHANGELOG.md"
);

/** All blocks, in the order of their documents. */
export const documentBlocks: readonly DocumentBlock[] = documents.flatMap(({ path, text }) =>
  [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    const indented = new RegExp(`^${match[1]}`, "gm");
    return {
      path,
      where: `${path}:${line}`,
      language: match[2]!,
      text: match[3]!.replace(indented, ""),
    };
  })
);

/** What is said of commands between backquotes within sentences and tables. */
export function inlineCommands(program: string): { where: string; line: string }[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(/`([^`\n]+)`/g)].map((match) => ({ where: path, line: match[1]! }))
      .filter(({ line }) => line.startsWith(`${program} `))
  );
}
