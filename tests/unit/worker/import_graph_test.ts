import { assert, assertEquals } from "../../deps.ts";

const root = new URL("../../../", import.meta.url);

interface Module {
  specifier: string;
  error?: string;
  dependencies?: { specifier: string; code?: { specifier?: string; error?: string } }[];
}

/** Every module that runs in a worker, by Deno's own reading; imports of types only do not run. */
async function workerModules(): Promise<Map<string, Module>> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/worker/thread_entry.ts"],
    cwd: root,
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const { modules }: { modules: Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  const known = new Map(modules.map((one) => [one.specifier, one]));
  const reached = new Map<string, Module>();
  const waiting = [new URL("src/worker/thread_entry.ts", root).href];
  for (let specifier = waiting.pop(); specifier !== undefined; specifier = waiting.pop()) {
    if (reached.has(specifier)) continue;
    const module = known.get(specifier) ?? { specifier };
    reached.set(specifier, module);
    for (const { code } of module.dependencies ?? []) {
      if (code?.specifier !== undefined) waiting.push(code.specifier);
    }
  }
  return reached;
}

Deno.test("a worker runs nothing but this project's own code", async () => {
  const modules = await workerModules();
  const source = new URL("src/", root).href;
  const foreign = [...modules.keys()].filter((specifier) =>
    !specifier.startsWith(source) && specifier !== "node:crypto" && specifier !== "node:process"
  );
  assertEquals(foreign, []);
  assertEquals([...modules.values()].filter(({ error }) => error !== undefined), []);
  assertEquals([...modules.keys()].filter((one) => one.includes("/src/supervisor/")), []);
});

Deno.test("only src/hash and what loads TLS import a built-in module in a worker", async () => {
  const importers: string[] = [];
  for (const { specifier, dependencies } of (await workerModules()).values()) {
    if (dependencies?.some(({ code }) => code?.specifier?.startsWith("node:"))) {
      importers.push(specifier.slice(root.href.length));
    }
  }
  assertEquals(
    importers.filter((path) => !/^src\/(hash\/|net\/deno\/node_tls\.ts$)/.test(path)),
    [],
  );
});
