/**
 * Which exported symbols are not explained by their own comment. Who hovers over a name sees that comment alone, so it
 * neither continues the one before it nor sends its reader elsewhere.
 *
 * @module
 */
import type { SourceFile } from "./repository.ts";

/** Constants that have the names of the interface that they are of, a group under one comment. */
const NAMED_BY_OTHERS = /^src\/(net\/epoll\/lib(c|ssl)|protocol\/memcache\/ascii)\.ts$/;

const EXPORT =
  /(\/\*\*(?:(?!\*\/)[^])*?\*\/\n)?(?:\/\/ deno[^\n]*\n)*export (?:default )?(?:abstract )?(?:async )?(?:(?:const|let) \{|(?:const|let|function|class|interface|type|enum)) (\w+)/g;

/** How comments begin that lean on the one before them, or on another file. */
const LEANING =
  /^(the same\b|see\b|as above|likewise|and\b|so is\b|it\b|they\b|those\b|another\b|that\b)/i;

/** Every exported symbol of `src/` without a comment of its own, or with one that does not stand alone. */
export function findLeaningDocs(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path, text } of files) {
    if (!/^src\/.*\.ts$/.test(path) || NAMED_BY_OTHERS.test(path)) continue;
    for (const [, comment, name] of text.matchAll(EXPORT)) {
      const words = comment?.replace(/^\/\*\*\s*(\* )?/, "").trim();
      if (words === undefined) found.push(`${path}: ${name} has no comment of its own`);
      else if (LEANING.test(words)) found.push(`${path}: ${name}: "${words.split("\n")[0]}"`);
    }
  }
  return found;
}
