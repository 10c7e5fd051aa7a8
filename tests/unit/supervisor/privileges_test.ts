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
giveUpPrivileges(JSON.parse(Deno.args[0]), Deno.args[1] === "true");
console.log(JSON.stringify([before, states()]));
`;

const names = ["net", "read", "write", "env", "sys", "run", "ffi", "import"];

for (
  const { io, keepsState, kept } of [
    { io: { engine: "deno" }, keepsState: false, kept: ["net", "read"] },
    { io: { engine: "deno" }, keepsState: true, kept: ["net", "read", "write"] },
    // Replaced workers load the C library too.
    {
      io: { engine: "epoll", libcPath: "/lib/libc.so" },
      keepsState: false,
      kept: ["net", "read", "ffi"],
    },
  ]
) {
  Deno.test(`giveUpPrivileges() with ${io.engine} leaves ${kept}, and nothing else`, async () => {
    const args = ["eval", program, JSON.stringify(io), String(keepsState)];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    const [before, after] = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(before, names.map((name) => `${name} granted`));
    assertEquals(
      after,
      names.map((name) => `${name} ${kept.includes(name) ? "granted" : "prompt"}`),
    );
  });
}
