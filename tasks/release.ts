/**
 * `deno task release`: whether this commit can be released. Looks at everything that has to agree, runs every check,
 * and says what is left to do by hand; publishes nothing.
 *
 * @module
 */

/** What has to agree in a release. */
export interface ReleaseFiles {
  readonly manifest: string;
  readonly version: string;
  readonly changelog: string;
}

/** What is wrong with the files of a release, one sentence each. */
export function findReleaseProblems({ manifest, version, changelog }: ReleaseFiles): string[] {
  const problems: string[] = [];
  const declared = (JSON.parse(manifest) as { version: string }).version;
  const [, shown] = /VERSION = "([^"]+)"/.exec(version) ?? [];
  if (shown !== declared) {
    problems.push(`src/version.ts says ${shown}, deno.json says ${declared}`);
  }
  const [, newest, rest] = /^## (\S+)(.*)$/m.exec(changelog) ?? [];
  if (newest !== declared) {
    problems.push(`CHANGELOG.md begins with ${newest}, deno.json says ${declared}`);
  } else if (!/^ \(\d{4}-\d{2}-\d{2}\)$/.test(rest!)) {
    problems.push(`CHANGELOG.md has no date behind ${newest}: write "## ${newest} (YYYY-MM-DD)"`);
  }
  return problems;
}

/** Checks in the order of their time; each ends the task if it fails. */
const CHECKS: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ["nothing is uncommitted", "git", ["diff", "--quiet", "HEAD"]],
  ["the generated pages are fresh", Deno.execPath(), ["task", "docs"]],
  ["they are committed", "git", ["diff", "--quiet", "HEAD", "--", "docs"]],
  ["the package can be published", Deno.execPath(), ["publish", "--dry-run"]],
  ["every test passes", Deno.execPath(), ["task", "ci"]],
];

if (import.meta.main) {
  Deno.chdir(new URL("../", import.meta.url));
  const problems = findReleaseProblems({
    manifest: await Deno.readTextFile("deno.json"),
    version: await Deno.readTextFile("src/version.ts"),
    changelog: await Deno.readTextFile("CHANGELOG.md"),
  });
  for (const problem of problems) console.error(`FAILED ${problem}`);
  let isFine = problems.length === 0;
  for (const [name, program, args] of CHECKS) {
    if (!isFine) break;
    const { success } = await new Deno.Command(program, { args: [...args] }).spawn().status;
    console.log(`${success ? "ok    " : "FAILED"} ${name}`);
    isFine = success;
  }
  if (!isFine) Deno.exit(1);
  const { version } = JSON.parse(await Deno.readTextFile("deno.json")) as { version: string };
  console.log(`
Ready. By hand:
  git tag v${version} && git push origin v${version}
  deno publish
  deno task compile --target x86_64-unknown-linux-gnu
  docker build -f packaging/Dockerfile -t aster:${version} .
The notes of the release are the part of CHANGELOG.md on ${version}.`);
}
