/**
 * A worker that tries to do what no worker of the proxy needs, and says what became of each try: `done`, or why not.
 *
 * @module
 */

/** What to try. */
export interface Probe {
  /** Addresses that it may connect to, and one that it may not. */
  readonly allowed: { readonly hostname: string; readonly port: number };
  readonly foreign: { readonly hostname: string; readonly port: number };
  /** A file that is there. */
  readonly file: string;
}

/** Outcomes by the names of what was tried. */
export type Outcomes = Readonly<Record<string, string>>;

type Attempt = () => unknown;

function attempts({ allowed, foreign, file }: Probe): Record<string, Attempt> {
  return {
    "connect to its server": async () => (await Deno.connect(allowed)).close(),
    "connect elsewhere": async () => (await Deno.connect(foreign)).close(),
    "fetch from elsewhere": () => fetch(`http://${foreign.hostname}:${foreign.port}/`),
    "listen elsewhere": () => Deno.listen({ ...foreign, port: 0 }).close(),
    "resolve a name": () => Deno.resolveDns("example.com", "A"),
    "read a file": () => Deno.readTextFile(file),
    "write a file": () => Deno.writeTextFile(file, "changed"),
    "list a directory": () => [...Deno.readDirSync("/")],
    "run a program": () => new Deno.Command("true").output(),
    "read the environment": () => Deno.env.get("PATH"),
    "load a library": () => Deno.dlopen("libc.so.6", {}).close(),
    "ask the system": () => Deno.networkInterfaces(),
    "import code": () => import(`http://${foreign.hostname}:${foreign.port}/code.ts`),
    "end the process by a signal": () => Deno.kill(Deno.ppid, "SIGURG"),
    "start a worker that may more": () => {
      const options = { type: "module", deno: { permissions: { read: true } } } as const;
      new Worker(new URL("./probing_worker.ts", import.meta.url), options).terminate();
    },
    "ask for a right": async () => {
      const { state } = await Deno.permissions.request({ name: "read" });
      if (state !== "granted") throw new Deno.errors.NotCapable(state);
    },
  };
}

declare const self: {
  onmessage: ((event: MessageEvent<Probe>) => void) | null;
  postMessage(message: Outcomes): void;
};

self.onmessage = async ({ data }) => {
  const outcomes: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts(data))) {
    try {
      await attempt();
      outcomes[name] = "done";
    } catch (error) {
      outcomes[name] = error instanceof Error ? error.name : String(error);
    }
  }
  self.postMessage(outcomes);
};
