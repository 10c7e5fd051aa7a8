/**
 * `deno task compile`: one binary, `aster`, with the worker's module inside. Further arguments go to
 * `deno compile`, such as `--target`.
 *
 * It is compiled with `-A`: a binary takes no permission flags, and which addresses and files it needs is in
 * the configuration of the day. At its start it gives up what that configuration can never need, and its
 * workers get the least.
 *
 * @module
 */

/** The module that workers load by URL: nothing imports it, so it must be named. */
export const WORKER_MODULE = "src/worker/thread_entry.ts";

/**
 * Folders of packages that must stay outside. Deno embeds whole packages and takes files without extension
 * for code; the 200,000 lines of numbers in this one overflow its parser's stack (denoland/deno#36746).
 */
const EXCLUDED_FOLDERS = ["bintrees/1.0.2/test"];

const REPOSITORY = new URL("../", import.meta.url);

/**
 * Compiles the proxy.
 *
 * @param output Path of the binary.
 * @param further Further arguments of `deno compile`.
 * @param environment Added to the environment of `deno compile`.
 * @returns The exit code.
 */
export async function compile(
  output: string,
  further: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<number> {
  const excluded = (await findExcludedFolders()).flatMap((folder) => ["--exclude", folder]);
  return await run([
    ...["compile", "-A", "--include", WORKER_MODULE, "--exclude-unused-npm", ...excluded],
    ...["--output", output, ...further, "mod.ts"],
  ], environment);
}

/** Where the package cache has the folders that must stay outside; fills the cache first. */
async function findExcludedFolders(): Promise<string[]> {
  if (await run(["cache", "mod.ts"], {}) !== 0) throw new Error("Cannot cache the dependencies");
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string };
  const found: string[] = [];
  for (const source of Deno.readDirSync(npmCache)) {
    for (const folder of EXCLUDED_FOLDERS) found.push(`${npmCache}/${source.name}/${folder}`);
  }
  return found.filter(isFolder);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function run(args: string[], environment: Record<string, string>): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: REPOSITORY, env: environment });
  return (await command.spawn().status).code;
}

if (import.meta.main) Deno.exit(await compile("aster", Deno.args));
