import { FileWatch, folderOf, SETTLE_MS } from "../../../src/supervisor/file_watch.ts";
import { assertEquals } from "../../deps.ts";
import { until } from "../../support/tools/poll.ts";

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
    const watch = new FileWatch([`${folder}/a.toml`], () => {
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
  const watch = new FileWatch([`${folder}/a.toml`], () => {
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

/** Ways of saving a file that stands elsewhere, and how its path leads there. */
const waysElsewhere: [
  name: string,
  prepare: (folder: string, other: string) => Promise<string>,
  save: (folder: string, other: string) => Promise<void>,
][] = [
  ["written in place behind a symlink to another folder", async (folder, other) => {
    await Deno.writeTextFile(`${other}/b.toml`, "1");
    await Deno.symlink(`${other}/b.toml`, `${folder}/a.toml`);
    return `${folder}/a.toml`;
  }, (_folder, other) => Deno.writeTextFile(`${other}/b.toml`, "2")],
  ["behind a second symlink that is swapped", async (folder, other) => {
    await Deno.mkdir(`${other}/deep`);
    await Deno.writeTextFile(`${other}/deep/b.toml`, "1");
    await Deno.writeTextFile(`${other}/deep/c.toml`, "2");
    await Deno.symlink("deep/b.toml", `${other}/link`);
    await Deno.symlink(`${other}/link`, `${folder}/a.toml`);
    return `${folder}/a.toml`;
  }, async (_folder, other) => {
    await Deno.symlink("deep/c.toml", `${other}/next`);
    await Deno.rename(`${other}/next`, `${other}/link`);
  }],
  ["in a folder whose symlink is swapped", async (folder, other) => {
    for (const text of ["1", "2"]) {
      await Deno.mkdir(`${other}/${text}`);
      await Deno.writeTextFile(`${other}/${text}/a.toml`, text);
    }
    await Deno.symlink(`${other}/1`, `${folder}/current`);
    return `${folder}/current/a.toml`;
  }, async (folder, other) => {
    await Deno.symlink(`${other}/2`, `${folder}/next`);
    await Deno.rename(`${folder}/next`, `${folder}/current`);
  }],
];
for (const [name, prepare, save] of waysElsewhere) {
  Deno.test(`a file is looked at when it was ${name}, and again where it stands then`, async () => {
    const [folder, other] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
    const path = await prepare(folder, other);
    let seen = "";
    const watch = new FileWatch([path], () => seen = Deno.readTextFileSync(path));
    try {
      await save(folder, other);
      await until(() => seen === "2", { what: "the new text is seen" });
      await Deno.writeTextFile(await Deno.realPath(path), "3");
      await until(() => seen === "3", { what: "the text after that is seen" });
    } finally {
      watch.close();
      for (const one of [folder, other]) await Deno.remove(one, { recursive: true });
    }
  });
}

Deno.test("symlinks that lead round in a circle end the way to a file", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.symlink("b", `${folder}/a`);
  await Deno.symlink("a", `${folder}/b`);
  let looks = 0;
  const watch = new FileWatch([`${folder}/a`], () => looks += 1);
  try {
    await Deno.writeTextFile(`${folder}/c`, "");
    await until(() => looks === 1, { what: "it is looked at" });
  } finally {
    watch.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what has happened just before a watch is closed is not looked at", async () => {
  const folder = await Deno.makeTempDir();
  const { watchFs } = Deno;
  const events = Promise.withResolvers<IteratorResult<Deno.FsEvent>>();
  let opened = 0;
  let looks = 0;
  try {
    Deno.watchFs = () => {
      opened += 1;
      const results = [events.promise];
      const iterator = { next: () => results.pop() ?? new Promise(() => {}) };
      return { close() {}, [Symbol.asyncIterator]: () => iterator } as unknown as Deno.FsWatcher;
    };
    const watch = new FileWatch([`${folder}/a.toml`], () => looks += 1);
    events.resolve({ done: false, value: { kind: "modify", paths: [] } });
    watch.close();
    await new Promise((resolve) => setTimeout(resolve, 2 * SETTLE_MS));
    assertEquals([opened, looks], [1, 0]);
  } finally {
    Deno.watchFs = watchFs;
    await Deno.remove(folder, { recursive: true });
  }
});
