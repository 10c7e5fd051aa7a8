import { assertEquals } from "../../../deps.ts";
import {
  findForbiddenImports,
  findImportCycles,
  reachableFrom,
  unitOf,
} from "../../../support/rules/import_rules.ts";

const importing = (path: string, specifier: string) => ({
  path,
  text: `import { one } from "${specifier}";\n`,
});

Deno.test("a file belongs to its folder, to its protocol, or to itself", () => {
  assertEquals(unitOf("src/net/socket.ts"), "net");
  assertEquals(unitOf("src/protocol/protocol.ts"), "protocol");
  assertEquals(unitOf("src/protocol/resp/commands/strings.ts"), "protocol/resp");
  assertEquals(unitOf("src/worker/messages.ts"), "worker/messages");
  assertEquals(unitOf("src/cli_flags.ts"), "cli");
});

Deno.test("imports up, between siblings and from outside are found", () => {
  assertEquals(
    findForbiddenImports([
      importing("src/backend/backend.ts", "../session/session.ts"),
      importing("src/protocol/resp/merge.ts", "../memcache/merge.ts"),
      importing("src/router/ring_router.ts", "./slot_router.ts"),
      importing("src/bytes/copy.ts", "../failure.ts"),
      importing("src/config/load.ts", "@std/toml"),
      importing("src/session/session.ts", "node:net"),
      importing("src/redis/hello.ts", "../session/session.ts"),
      importing("src/novelty/one.ts", "../clock.ts"),
      { path: "src/hash/md5.ts", text: 'const late = await import("../net/dial.ts");\n' },
    ]),
    [
      'src/backend/backend.ts imports "../session/session.ts": backend may not import session',
      'src/protocol/resp/merge.ts imports "../memcache/merge.ts": ' +
      "protocol/resp may not import protocol/memcache",
      'src/router/ring_router.ts imports "./slot_router.ts": siblings know nothing of each other',
      'src/bytes/copy.ts imports "../failure.ts": bytes may not import failure',
      'src/config/load.ts imports "@std/toml": only deps.ts and tests/deps.ts import external code',
      'src/session/session.ts imports "node:net": session may not use this built-in module',
      'src/redis/hello.ts imports "../session/session.ts": redis may not import session',
      'src/novelty/one.ts imports "../clock.ts": "novelty" is not in the table of units',
      'src/hash/md5.ts imports "../net/dial.ts": hash may not import net',
    ],
  );
});

Deno.test("imports down, within a unit and in comments are fine", () => {
  assertEquals(
    findForbiddenImports([
      importing("src/session/session.ts", "../router/router.ts"),
      importing("src/backend/backend.ts", "./connection.ts"),
      importing("src/hash/md5.ts", "node:crypto"),
      importing("src/redis/hello.ts", "../session/stages.ts"),
      importing("tests/unit/a_test.ts", "../../src/net/dial.ts"),
      { path: "src/net/dial.ts", text: '// import { one } from "../session/session.ts";\n' },
    ]),
    [],
  );
});

Deno.test("cycles of what runs are found, those of types are not", () => {
  const back = { path: "a/two.ts", text: 'import { one } from "./one.ts";\n' };
  assertEquals(findImportCycles([importing("a/one.ts", "./two.ts"), back]), [
    "a/one.ts → a/two.ts → a/one.ts",
  ]);
  const types = { path: "a/one.ts", text: 'import type { Two } from "./two.ts";\n' };
  assertEquals(findImportCycles([types, back]), []);
});

Deno.test("reachable files come with their importer", () => {
  const files = [
    importing("a.ts", "./b.ts"),
    importing("b.ts", "npm:c"),
    importing("d.ts", "./a.ts"),
  ];
  assertEquals([...reachableFrom("a.ts", files)], [["a.ts", ""], ["b.ts", "a.ts"], [
    "npm:c",
    "b.ts",
  ]]);
});
