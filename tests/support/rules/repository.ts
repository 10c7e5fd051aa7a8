/**
 * The repository's own files as text, for the tests that look at them.
 *
 * @module
 */

/** Folders that hold nothing of ours. */
const SKIPPED_FOLDERS = new Set([".git", "node_modules", "coverage"]);
const TEXT_FILE = /\.(ts|js|json|jsonc|toml|md|sh|yml|yaml)$|\/(run|LICENSE|\.gitignore)$/;

/** The repository's root, with a slash at its end. */
export const repositoryRoot: URL = new URL("../../../", import.meta.url);

/** One text file. */
export interface SourceFile {
  /** Path from the root, such as `src/net/socket.ts`. */
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of a file. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root for a relative import, else the specifier. */
  readonly target: string;
  /** Whether only types are taken, so that nothing of it runs. */
  readonly isTypeOnly: boolean;
}

/** Reads every text file of the repository. */
export function readRepository(): SourceFile[] {
  const files: SourceFile[] = [];
  readFolder("", files);
  return files.sort((one, other) => one.path < other.path ? -1 : 1);
}

function readFolder(folder: string, files: SourceFile[]): void {
  for (const entry of Deno.readDirSync(new URL(folder, repositoryRoot))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory && !SKIPPED_FOLDERS.has(entry.name)) readFolder(`${path}/`, files);
    if (!entry.isFile || !TEXT_FILE.test(`/${path}`)) continue;
    files.push({ path, text: Deno.readTextFileSync(new URL(path, repositoryRoot)) });
  }
}

/** The code without its comments; strings stay. Line breaks stay, so that line numbers do. */
export function withoutComments(text: string): string {
  const token =
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[^]*?\*\/|\/\/[^\n]*/g;
  return text.replace(
    token,
    (found) => found.startsWith("/") ? found.replace(/[^\n]/g, "") : found,
  );
}

/** The imports and re-exports of a file, dynamic ones included. */
export function importsOf(file: SourceFile): Import[] {
  const code = withoutComments(file.text);
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s)?[^;"]*?from\s+"([^"]+)"/gm)) {
    found.push(makeImport(file, match[2]!, match[1] !== undefined));
  }
  for (const match of code.matchAll(/^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm)) {
    found.push(makeImport(file, (match[1] ?? match[2])!, false));
  }
  return found;
}

function makeImport(file: SourceFile, specifier: string, isTypeOnly: boolean): Import {
  if (!specifier.startsWith(".")) return { specifier, target: specifier, isTypeOnly };
  const target = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
  return { specifier, target, isTypeOnly };
}
