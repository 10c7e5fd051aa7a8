import { CONFIG_VARIABLE, configSource } from "../../src/cli_config.ts";
import { assertEquals, assertThrows } from "../deps.ts";

Deno.test("a file that is named goes before the variable, and the variable before the default file", () => {
  const environment = { [CONFIG_VARIABLE]: "x = 1" };
  const chosen = (named: string | null, variables: Record<string, string>) => {
    const { name, path } = configSource(named, variables);
    return [name, path];
  };
  assertEquals(chosen("my.toml", environment), ["my.toml", "my.toml"]);
  assertEquals(chosen(null, environment), [CONFIG_VARIABLE, null]);
  assertEquals(chosen(null, {}), ["default.toml", "default.toml"]);
  assertEquals(configSource(null, environment).read(), "x = 1");
});

Deno.test("what cannot be read says which file and why", async () => {
  const missing = configSource("/no/such/file.toml", {});
  assertThrows(() => missing.read(), Error, "/no/such/file.toml: there is no such file");
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, Uint8Array.of(0xff));
    const error = `${file}: not valid TOML: expected text in UTF-8`;
    assertThrows(() => configSource(file, {}).read(), Error, error);
  } finally {
    await Deno.remove(file);
  }
});
