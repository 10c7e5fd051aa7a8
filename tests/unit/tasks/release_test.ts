import { findReleaseProblems } from "../../../tasks/release.ts";
import { assertEquals } from "../../deps.ts";

const files = {
  manifest: '{ "version": "1.2.3" }',
  version: 'export const VERSION = "1.2.3";',
  changelog: "# Changes\n\n## 1.2.3 (2026-01-31)\n\n## 1.2.2 (2025-01-31)\n",
};

Deno.test("a release says one version in all places, and when it was", () => {
  assertEquals(findReleaseProblems(files), []);
  assertEquals(findReleaseProblems({ ...files, version: 'VERSION = "1.2.2"' }), [
    "src/version.ts says 1.2.2, deno.json says 1.2.3",
  ]);
  assertEquals(findReleaseProblems({ ...files, changelog: "## 1.2.3 (unreleased)\n" }), [
    'CHANGELOG.md has no date behind 1.2.3: write "## 1.2.3 (YYYY-MM-DD)"',
  ]);
  assertEquals(findReleaseProblems({ ...files, changelog: "## 1.2.2 (2025-01-31)\n" }), [
    "CHANGELOG.md begins with 1.2.2, deno.json says 1.2.3",
  ]);
});
