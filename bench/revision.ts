/**
 * Checkouts of other revisions, in temporary directories.
 *
 * @module
 */
import { WORKING_TREE } from "./proxies.ts";

/** A checkout that goes when it is disposed of. */
export interface Checkout extends AsyncDisposable {
  /** Ends in `/`. */
  readonly directory: string;
  /** The revision it was made from, in short. */
  readonly commit: string;
}

/**
 * Checks out a revision beside the working tree.
 *
 * @throws {Error} If git knows no such revision.
 */
export async function checkOut(revision: string): Promise<Checkout> {
  const commit = await git("rev-parse", "--short", "--verify", `${revision}^{commit}`);
  const parent = await Deno.makeTempDir({ prefix: "aster-bench-" });
  const directory = `${parent}/${commit}/`;
  await git("worktree", "add", "--detach", directory, commit);
  return {
    directory,
    commit,
    [Symbol.asyncDispose]: async () => {
      await git("worktree", "remove", "--force", directory);
      await Deno.remove(parent, { recursive: true });
    },
  };
}

/** The commit of the working tree, in short, with `-dirty` where what runs differs from it. */
export async function workingCommit(): Promise<string> {
  const commit = await git("rev-parse", "--short", "HEAD");
  const changes = await git("status", "--porcelain", "--", "src", "mod.ts", "deps.ts", "deno.json");
  return changes === "" ? commit : `${commit}-dirty`;
}

async function git(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args: words,
    cwd: WORKING_TREE,
  }).output();
  if (code !== 0) throw new Error(`git ${words[0]}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}
