/**
 * What a C compiler of this machine says of constants and functions, by the headers that it has.
 *
 * @module
 */
import { assert } from "../../deps.ts";

/** The name of a compiler that is there, or null. */
export function findCompiler(): string | null {
  for (const name of ["cc", "gcc", "clang"]) {
    try {
      if (new Deno.Command(name, { args: ["--version"] }).outputSync().success) return name;
    } catch {
      // There is no such program; another may be there.
    }
  }
  return null;
}

/** The value of each expression, as a C program prints it. */
export async function askCompiler(
  name: string,
  headers: readonly string[],
  expressions: readonly string[],
): Promise<Map<string, number>> {
  // Each goes to the library as 32 bits, so that one with the top bit set is negative here.
  const prints = expressions.map((expression) => `printf("%d\\n", (int)(${expression}));`);
  const folder = Deno.makeTempDirSync();
  try {
    const program = `${folder}/program`;
    await compile(name, headers, ["int main(void) {", ...prints, "return 0; }"], program);
    const { stdout } = await new Deno.Command(program).output();
    const values = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
    return new Map(expressions.map((expression, index) => [expression, values[index]!]));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Compiles a program of `lines`; without `output` it is looked at only. */
export async function compile(
  name: string,
  headers: readonly string[],
  lines: string[],
  output = "/dev/null",
): Promise<void> {
  const includes = headers.map((header) => `#include <${header}>`);
  const strict = ["-Wall", "-Werror", "-D_GNU_SOURCE"];
  const child = new Deno.Command(name, {
    args: [...strict, "-x", "c", "-", output === "/dev/null" ? "-fsyntax-only" : `-o${output}`],
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode([...includes, ...lines, ""].join("\n")));
  await writer.close();
  const { success, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
}
