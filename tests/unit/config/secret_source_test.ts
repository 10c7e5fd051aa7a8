/**
 * Secrets that stand elsewhere: where they are looked for, and that no fault shows one.
 *
 * @module
 */
import { readSecret, secretPlace, type SecretReader } from "../../../src/config/secret_source.ts";
import { assertEquals } from "../../deps.ts";

const reader: SecretReader = {
  env: (name) => ({ TOKEN: "from-env", EMPTY: "", BLANK: "se same" })[name],
  file(path) {
    if (path === "/run/token") return "from-file\n";
    throw path === "/denied" ? new Deno.errors.NotCapable("x") : new Deno.errors.NotFound("x");
  },
};

Deno.test("secretPlace() tells by the beginning", () => {
  assertEquals(secretPlace("word"), { kind: "here" });
  assertEquals(secretPlace("env:TOKEN"), { kind: "env", name: "TOKEN" });
  assertEquals(secretPlace("file:/run/token"), { kind: "file", path: "/run/token" });
});

Deno.test("readSecret() fetches what stands elsewhere", () => {
  assertEquals(readSecret("word", reader).value, "word");
  assertEquals(readSecret("env:TOKEN", reader).value, "from-env");
  assertEquals(readSecret("file:/run/token", reader).value, "from-file");
});

Deno.test("readSecret() says where it looked, and never what stands there", () => {
  const faults: [string, string][] = [
    ["env:MISSING", "the variable MISSING is not set"],
    ["env:EMPTY", "the variable EMPTY is empty"],
    ["env:BLANK", "the variable BLANK has other than visible ASCII characters"],
    ["env:", "env: wants a variable's name"],
    ["env:A=B", "env: wants a variable's name"],
    ["file:", "file: wants a path"],
    ["file:/missing", "the file /missing does not exist"],
    ["file:/denied", "the file /denied may not be read: see --print-permissions"],
    ["se same", "it has other than visible ASCII characters"],
    ["x".repeat(513), "it has more than 512 characters"],
  ];
  for (const [text, fault] of faults) {
    assertEquals(readSecret(text, reader), { value: null, fault }, text);
  }
});

Deno.test("readSecret() reads the process's own environment and files", async () => {
  Deno.env.set("ASTER_TEST_SECRET", "own");
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "own-file\n");
    assertEquals(readSecret("env:ASTER_TEST_SECRET").value, "own");
    assertEquals(readSecret(`file:${file}`).value, "own-file");
    assertEquals(
      readSecret("file:/dev/zero").fault,
      "the file /dev/zero has more than 512 characters",
    );
  } finally {
    Deno.env.delete("ASTER_TEST_SECRET");
    await Deno.remove(file);
  }
});
