import { FileWatch, folderOf, SETTLE_MS } from "../../../src/supervisor/file_watch.ts";
import { assertEquals } from "../../deps.ts";
import { until } from "../../support/poll.ts";

Deno.test("folderOf() is the folder that a path's file stands in", () => {
  assertEquals(["a.toml", "b/a.toml", "/b/c/a.toml", "/a.toml"].map(folderOf), [
    ...[".", "b", "/b/c", "/"],
  ]);
});

/** Ways of saving, each of which must be noticed. */
const ways: [name: string, save: (folder: string) => Promise<void>][] = [
  ["written in place", (folder) => Deno.writeTextFile(`${folder}/a.toml`, "2")],
  ["replaced by renaming another", async (folder) => {
    await Deno.writeTextFile(`${folder}/a.toml.new`, "2");
    await Deno.rename(`${folder}/a.toml.new`, `${folder}/a.toml`);
  }],
  ["removed and written anew", async (folder) => {
    await Deno.remove(`${folder}/a.toml`);
    await Deno.writeTextFile(`${folder}/a.toml`, "2");
  }],
  ["behind a symlink that is swapped", async (folder) => {
    await Deno.mkdir(`${folder}/..2`);
    await Deno.writeTextFile(`${folder}/..2/a.toml`, "2");
    await Deno.symlink("..2", `${folder}/..data_tmp`);
    await Deno.rename(`${folder}/..data_tmp`, `${folder}/..data`);
  }],
];
for (const [name, save] of ways) {
  Deno.test(`a file is looked at when it was ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/..1`);
    await Deno.writeTextFile(`${folder}/..1/a.toml`, "1");
    if (name.startsWith("behind")) {
      await Deno.symlink("..1", `${folder}/..data`);
      await Deno.symlink("..data/a.toml", `${folder}/a.toml`);
    } else {
      await Deno.writeTextFile(`${folder}/a.toml`, "1");
    }
    let seen = "";
    const watch = new FileWatch(`${folder}/a.toml`, () => {
      seen = Deno.readTextFileSync(`${folder}/a.toml`);
    });
    await save(folder);
    await until(() => seen === "2", { what: "the new text is seen" });
    watch.close();
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("a file is looked at although something else in its folder is written all the time", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.toml`, "1");
  let seen = "";
  const watch = new FileWatch(`${folder}/a.toml`, () => {
    seen = Deno.readTextFileSync(`${folder}/a.toml`);
  });
  const writing = setInterval(
    () => Deno.writeTextFileSync(`${folder}/log`, "line\n", { append: true }),
    SETTLE_MS / 20,
  );
  try {
    await Deno.writeTextFile(`${folder}/a.toml`, "2");
    await until(() => seen === "2", { what: "the new text is seen" });
  } finally {
    clearInterval(writing);
    watch.close();
    await Deno.remove(folder, { recursive: true });
  }
});
