/**
 * What documents say of other files: links, tasks, flags, names of metrics. What they say of behaviour is for
 * people to keep true.
 *
 * @module
 */
import { assert, assertEquals } from "./deps.ts";
import { type Applies, clusterReload, runtimeReload } from "../src/config/reload.ts";
import { readRepository } from "./support/rules/repository.ts";

const files = readRepository();
const documents = files.filter((file) => file.path.endsWith(".md"));

function textOf(path: string): string {
  return files.find((file) => file.path === path)!.text;
}

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

function hasTarget(path: string, anchor: string): boolean {
  // The repository is read as text, which pictures are not.
  if (path.endsWith(".png")) return Deno.statSync(new URL(`../${path}`, import.meta.url)).isFile;
  if (path.endsWith("/")) return files.some((file) => file.path.startsWith(path));
  const file = files.find((one) => one.path === path);
  if (file === undefined) return false;
  const headings = [...file.text.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1]!));
  return anchor === "" || headings.includes(anchor);
}

Deno.test("every link between documents leads somewhere", () => {
  const broken = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].flatMap((match) => {
      const target = match[1] === ""
        ? path
        : new URL(match[1]!, `file:///${path}`).pathname.slice(1);
      return hasTarget(target, match[2] ?? "") ? [] : [`${path}: ${match[0]}`];
    })
  );
  assertEquals(broken, []);
  assert(documents.length > 10);
});

Deno.test("every task that a document names exists", () => {
  const { tasks } = JSON.parse(textOf("deno.json")) as { tasks: Record<string, string> };
  const missing = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([\w:]+)/g)].flatMap((match) =>
      match[1]! in tasks ? [] : [`${path}: ${match[0]}`]
    )
  );
  assertEquals(missing, []);
});

Deno.test("the page of operating names the keys that a reload does not change at once", () => {
  const page = textOf("docs/operating.md");
  const keysUntil = (end: string): string[] => {
    const at = page.replace(/\s+/g, " ").split(` ${end}`)[0]!;
    const item = at.slice(at.lastIndexOf(" - "));
    return [...item.matchAll(/`(\w+)`/g)].map((match) => match[1]!).toSorted();
  };
  const keysWith = (applies: Applies): string[] =>
    [...Object.values(clusterReload), ...Object.values(runtimeReload)]
      .filter((row) => row.applies === applies).map(({ key }) => key).toSorted();
  assertEquals(keysUntil("are for new connections"), keysWith("new_connections"));
  assertEquals(keysUntil("wait for the next start"), keysWith("restart"));
});
