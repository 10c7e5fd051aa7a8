import { assertEquals } from "../../deps.ts";

const program = `
import { giveUpPrivileges } from ${
  JSON.stringify(new URL("../../../src/supervisor/privileges.ts", import.meta.url).href)
};
const states = () =>
  ["net", "read", "write", "env", "sys", "run", "ffi", "import"].map((name) =>
    name + " " + Deno.permissions.querySync({ name }).state
  );
const before = states();
giveUpPrivileges();
console.log(JSON.stringify([before, states()]));
`;

Deno.test("giveUpPrivileges() leaves net and read, and nothing else", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
  const [before, after] = JSON.parse(new TextDecoder().decode(stdout));
  const names = ["net", "read", "write", "env", "sys", "run", "ffi", "import"];
  assertEquals(before, names.map((name) => `${name} granted`));
  assertEquals(after.slice(0, 2), ["net granted", "read granted"]);
  assertEquals(after.slice(2), names.slice(2).map((name) => `${name} prompt`));
});
