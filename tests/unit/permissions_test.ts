/**
 * The flags that `--print-permissions` prints: what is in them, and that Deno itself, started with
 * exactly them, may do all the proxy does and with any one of them less may not.
 *
 * @module
 */
import type { Config } from "../../src/config/config.ts";
import { formatEndpoint } from "../../src/endpoint.ts";
import {
  formatPermissionFlags,
  permissionFlags,
  permissionNotes,
  type PermissionOptions,
} from "../../src/permissions.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { configOf, loadText, redisText, slotsText } from "./config/load_text.ts";

const options: PermissionOptions = {
  configPath: "a.toml",
  isReloading: false,
  sourceDirectory: "/opt/aster/src/",
  environmentNames: [],
  secretPlaces: [],
  ip: null,
  host: undefined,
  libcPath: "/lib/libc.so.6",
  libsslPath: "/usr/lib/libssl.so.3",
};

Deno.test("permissionFlags() of a ring are its addresses, the file and the sources", () => {
  const servers = '["127.0.0.1:7011 a", "[::1]:7012 b", "cache.example:7013 c"]';
  assertEquals(permissionFlags(configOf(redisText("", servers)), options), [
    "--no-prompt",
    "--allow-net=127.0.0.1:9001,127.0.0.1:7011,[::1]:7012,cache.example:7013,127.0.0.1:2110",
    "--allow-read=a.toml,/opt/aster/src/",
  ]);
});

Deno.test("permissionFlags() name an address once, and no admin address that is off", () => {
  const text = '[runtime]\nmetrics = "off"\n' + redisText() +
    redisText().replace('"one"', '"two"').replace("127.0.0.1:9001", "[::]:9002");
  assertEquals(
    permissionFlags(configOf(text), options)[1],
    "--allow-net=127.0.0.1:9001,127.0.0.1:7011,[::]:9002",
  );
});

Deno.test("permissionFlags() allow the environment by name where it can decide", () => {
  const environmentNames = ["ASTER_DEFAULT_THREAD", "ASTER_LOG", "RUST_LOG"] as const;
  const flags = permissionFlags(configOf(redisText()), { ...options, environmentNames });
  assertEquals(flags.slice(3), ["--allow-env=ASTER_DEFAULT_THREAD,ASTER_LOG,RUST_LOG"]);
});

Deno.test("permissionFlags() allow to read each secret where it is, once", () => {
  const { config, secretPlaces } = loadText(
    redisText(`password = ["env:ONE", "file:/run/one"]
auth = { users = [{ username = "a", password = ["env:ONE", "env:TWO", "file:/run/one"] }] }`),
    { secrets: null },
  );
  assertEquals(permissionFlags(config!, { ...options, secretPlaces }).slice(2), [
    "--allow-read=a.toml,/opt/aster/src/,/run/one",
    "--allow-env=ONE,TWO",
  ]);
});

Deno.test("permissionFlags() allow to read the admin token where it is", () => {
  const flags = (token: string) =>
    permissionFlags(configOf(`[runtime]\nadmin_token = "${token}"\n` + redisText()), options)
      .slice(2);
  assertEquals(flags("env:TOKEN"), ["--allow-read=a.toml,/opt/aster/src/", "--allow-env=TOKEN"]);
  assertEquals(flags("file:/run/token"), ["--allow-read=a.toml,/opt/aster/src/,/run/token"]);
  assertEquals(flags("sesame"), ["--allow-read=a.toml,/opt/aster/src/"]);
});

Deno.test("permissionFlags() allow what network lists, but on epoll", () => {
  const net = (io: string) => {
    const text = `[runtime]\nnetwork = ["10.0.0.0/8", "a.example"]\nio = "${io}"\n` + redisText();
    return permissionFlags(configOf(text), options)[1];
  };
  const own = "127.0.0.1:9001,127.0.0.1:7011";
  assertEquals(net("deno"), `--allow-net=${own},10.0.0.0/8,a.example,127.0.0.1:2110`);
  assertEquals(net("epoll"), "--allow-net=127.0.0.1:9001,127.0.0.1:2110");
});

Deno.test("permissionFlags() allow to write the state file, and the one that takes its place", () => {
  const config = configOf('[runtime]\nstate_file = "/var/lib/aster/state"\n' + redisText());
  const paths = "/var/lib/aster/state,/var/lib/aster/state.new";
  assertEquals(permissionFlags(config, options).slice(2), [
    `--allow-read=a.toml,/opt/aster/src/,${paths}`,
    `--allow-write=${paths}`,
  ]);
});

Deno.test("permissionFlags() allow to read the folder of a file that is followed", () => {
  const read = (configPath: string) => {
    const given = { ...options, configPath, sourceDirectory: null, isReloading: true };
    return permissionFlags(configOf(redisText()), given).slice(2);
  };
  assertEquals(read("/etc/aster/a.toml"), ["--allow-read=/etc/aster"]);
  assertEquals(read("a.toml"), ["--allow-read=."]);
});

Deno.test("permissionFlags() allow the socket of takeovers, where Deno opens it", () => {
  const flags = (io: string) =>
    permissionFlags(
      configOf(`[runtime]\ntakeover_socket = "/run/aster.sock"\nio = "${io}"\n` + redisText()),
      options,
    );
  assertEquals(flags("deno").slice(1), [
    "--allow-net=127.0.0.1:9001,127.0.0.1:7011,127.0.0.1:2110,unix:/run/aster.sock",
    "--allow-read=a.toml,/opt/aster/src/,/run/aster.sock",
    "--allow-write=/run/aster.sock",
  ]);
  // What is at its path is looked at before it is removed.
  assertEquals(flags("epoll").filter((flag) => flag.includes("aster.sock")), [
    "--allow-read=a.toml,/opt/aster/src/,/run/aster.sock",
  ]);
});

Deno.test("permissionFlags() allow to look for an address only where one must be found", () => {
  const everywhere = configOf(slotsText().replace("127.0.0.1:9001", "0.0.0.0:9001"));
  const further = (overrides: Partial<PermissionOptions>, config = everywhere) =>
    permissionFlags(config, { ...options, ...overrides }).slice(3);
  assertEquals(further({}), ["--allow-env=HOST", "--allow-sys=networkInterfaces"]);
  assertEquals(further({ host: "laptop" }), ["--allow-env=HOST", "--allow-sys=networkInterfaces"]);
  assertEquals(further({ host: "10.0.0.1" }), ["--allow-env=HOST"]);
  assertEquals(further({ ip: "10.0.0.1" }), []);
  // The address that it listens at is the one that clients are told.
  assertEquals(further({}, configOf(slotsText())), ["--allow-env=HOST"]);
});

Deno.test("permissionFlags() allow the C library to the engine that needs it, and to no other", () => {
  const libcPath = "/lib/libc.so.6";
  const epoll = configOf('[runtime]\nio = "epoll"\n' + redisText());
  assertEquals(permissionFlags(epoll, { ...options, libcPath }), [
    "--no-prompt",
    // What is bound is tried by the main thread; what is connected to is out of Deno's hands.
    "--allow-net=127.0.0.1:9001,127.0.0.1:2110",
    "--allow-read=a.toml,/opt/aster/src/",
    "--allow-env=LISTEN_PID,LISTEN_FDS",
    "--allow-ffi=/lib/libc.so.6",
  ]);
  assert(permissionNotes(epoll).join("\n").includes("not bound by --allow-net"));
  assertEquals(permissionFlags(configOf(redisText()), { ...options, libcPath }).slice(3), []);
});

Deno.test("permissionFlags() of a Redis Cluster allow its seeds' hosts, and say so", () => {
  const config = configOf(slotsText("", '["10.0.0.1:7000", "10.0.0.1:7001", "[::1]:7002"]'));
  assertEquals(
    permissionFlags(config, options)[1],
    "--allow-net=127.0.0.1:9001,10.0.0.1,[::1],127.0.0.1:2110",
  );
  const notes = permissionNotes(config);
  assert(notes.every((note) => note.startsWith("# ")));
  assert(notes.join("\n").includes('Redis Cluster "one"'));
  assert(notes.join("\n").includes("(10.0.0.1, [::1])"));
  assert(notes.join("\n").includes("--allow-net, such as 10.1.0.0/16"));
  const aboutNames = /A host's name does not allow its addresses/;
  assert(!aboutNames.test(notes.join("\n")));
  const named = configOf(slotsText("", '["redis.example:7000"]'));
  assertMatch(permissionNotes(named).join("\n"), aboutNames);
});

Deno.test("permissionFlags() of a Redis Cluster held to the file's addresses are these", () => {
  const config = configOf('[runtime]\nnetwork = "config"\n' + slotsText());
  assertEquals(
    permissionFlags(config, options)[1],
    "--allow-net=127.0.0.1:9001,127.0.0.1:7000,127.0.0.1:2110",
  );
  assertEquals(permissionNotes(config), []);
  assertEquals(permissionNotes(configOf(redisText())), []);
});

Deno.test("permissionFlags() allow the directory above a path that Deno cannot read", () => {
  const read = (configPath: string, sourceDirectory: string | null) =>
    permissionFlags(configOf(redisText()), { ...options, configPath, sourceDirectory })[2];
  assertEquals(read("/etc/a,b/c.toml", "/opt/src/"), "--allow-read=/etc,/opt/src/");
  assertEquals(read("/a,b.toml", null), "--allow-read=/");
  assertEquals(read("a,b.toml", null), "--allow-read=.");
});

Deno.test("formatPermissionFlags() quotes only what a shell would change", () => {
  assertEquals(
    formatPermissionFlags(["--no-prompt", "--allow-net=[::1]:1,a:2", "--allow-read=/my file,it's"]),
    "--no-prompt --allow-net=[::1]:1,a:2 '--allow-read=/my file,it'\\''s'",
  );
});

/** What the probe tries; it prints what was refused. */
interface ProbeTask {
  file: string;
  listens: string[];
  connects: string[];
  environment: string[];
}

/**
 * Does what the proxy does: reads the file and the environment, listens and connects in a worker
 * that has no permission but its addresses, and looks for the machine's address.
 */
const PROBE_MODULE = `
const task = JSON.parse(Deno.args[0]);
const refused = [];
const attempt = async (name, action) => {
  try { await action(); } catch (error) { if (error instanceof Deno.errors.NotCapable) refused.push(name); }
};
await attempt("read", () => Deno.readTextFileSync(task.file));
for (const name of task.environment) await attempt(name, () => Deno.env.get(name));
await attempt("sys", () => Deno.networkInterfaces());
const isGranted = (host) => Deno.permissions.querySync({ name: "net", host }).state === "granted";
const permissions = {
  net: [...task.listens, ...task.connects].filter(isGranted),
  read: false, write: false, env: false, sys: false, run: false, ffi: false, import: false,
};
const worker = new Worker(new URL("./src/worker.js", import.meta.url), {
  type: "module",
  deno: { permissions },
});
const answer = await new Promise((resolve) => {
  worker.onmessage = (event) => resolve(event.data);
  worker.onerror = (event) => { event.preventDefault(); resolve(["worker"]); };
  worker.postMessage(task);
});
worker.terminate();
console.log(JSON.stringify([...refused, ...answer]));
`;
const WORKER_MODULE = `
import { split } from "./split.js";
self.onmessage = async ({ data: { listens, connects } }) => {
  const refused = [];
  for (const [kind, addresses] of [["listen", listens], ["connect", connects]]) {
    for (const address of addresses) {
      try {
        if (kind === "listen") Deno.listen(split(address)).close();
        else (await Deno.connect(split(address))).close();
      } catch (error) {
        if (error instanceof Deno.errors.NotCapable) refused.push(kind + " " + address);
      }
    }
  }
  self.postMessage(refused);
};
`;
const SPLIT_MODULE = `
export const split = (address) => {
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon).replace(/^\\[|\\]$/g, "");
  return { hostname, port: Number(address.slice(colon + 1)) };
};
`;

Deno.test("Deno may do all it must with exactly the flags, and not with one of them less", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/a.toml`;
    await writeProbe(directory, file);
    const config = { ...probeConfig(), file };
    const environment = ["ASTER_LOG", "HOST"];
    const task = {
      file,
      listens: config.clusters.map(({ listen }) => formatEndpoint(listen)),
      connects: config.clusters.flatMap(({ servers }) => servers.map(({ address }) => address)),
      environment,
    };
    const flags = permissionFlags(config, {
      ...options,
      configPath: file,
      sourceDirectory: `${directory}/src`,
      environmentNames: ["ASTER_LOG"],
    });
    assertEquals(await probe(directory, flags, task), []);

    const without = (name: string) => flags.filter((flag) => !flag.startsWith(name));
    assertEquals(await probe(directory, without("--allow-env"), task), environment);
    assertEquals(await probe(directory, without("--allow-sys"), task), ["sys"]);
    assertEquals(await probe(directory, without("--allow-read"), task), ["read", "worker"]);
    assertEquals(await probe(directory, without("--allow-net"), task), [
      ...task.listens.map((address) => `listen ${address}`),
      ...task.connects.map((address) => `connect ${address}`),
    ]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Every kind of host a configuration can hold. Nothing listens on the backends' ports. */
function probeConfig(): Config {
  const text = '[runtime]\nmetrics = "off"\n' +
    redisText("", '["localhost:1 a", "[::1]:1 b", "127.0.0.1:1 c"]')
      .replace("127.0.0.1:9001", `localhost:${freePort("127.0.0.1")}`) +
    slotsText("", '["127.0.0.2:1"]').replace('"one"', '"two"')
      .replace("127.0.0.1:9001", `0.0.0.0:${freePort("0.0.0.0")}`);
  return configOf(text);
}

async function writeProbe(directory: string, file: string): Promise<void> {
  await Deno.mkdir(`${directory}/src`);
  await Deno.writeTextFile(file, "");
  await Deno.writeTextFile(`${directory}/deno.json`, '{ "unstable": ["net", "worker-options"] }');
  await Deno.writeTextFile(`${directory}/mod.js`, PROBE_MODULE);
  await Deno.writeTextFile(`${directory}/src/worker.js`, WORKER_MODULE);
  await Deno.writeTextFile(`${directory}/src/split.js`, SPLIT_MODULE);
}

/** Runs the probe under flags and returns what was refused. */
async function probe(directory: string, flags: string[], task: ProbeTask): Promise<string[]> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `${directory}/mod.js`, JSON.stringify(task)],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(output.stdout);
  assert(output.success, new TextDecoder().decode(output.stderr));
  return JSON.parse(text);
}

function freePort(hostname: string): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
