/**
 * The files of `packaging/`: that they fit the program, its defaults and each other. Whether systemd and Kubernetes
 * take them is asked of their own programs, where they are there.
 *
 * @module
 */
import { parseFlags } from "../src/cli_flags.ts";
import type { Config } from "../src/config/config.ts";
import { formatProblem, loadConfig } from "../src/config/load.ts";
import { assert, assertEquals, assertMatch, parseAllYaml } from "./deps.ts";
import { documentBlocks } from "./support/rules/document_blocks.ts";
import { CHECK_OPTIONS } from "./unit/config/load_text.ts";

const REPOSITORY = new URL("../", import.meta.url);
const dockerfile = read("packaging/Dockerfile");
const unit = read("packaging/aster.service");

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, REPOSITORY));
}

/** A manifest of Kubernetes, as far as the tests look into it. */
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec?: { template?: { spec: PodSpec }; ports?: { targetPort: string }[] };
}
interface PodSpec {
  terminationGracePeriodSeconds?: number;
  containers: Container[];
  initContainers?: Container[];
  volumes: { name: string; configMap: { name: string } }[];
}
interface Container {
  image: string;
  args: string[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe: Probe;
  startupProbe: Probe;
  readinessProbe?: Probe;
  volumeMounts: { name: string; mountPath: string }[];
}
interface Probe {
  httpGet: { path: string; port: number | string };
}

/** The strict check that `--check` makes. */
function configOf(text: string, name: string): Config {
  const { config, problems, warnings } = loadConfig(text, name, CHECK_OPTIONS);
  assertEquals([...problems, ...warnings].map(formatProblem), []);
  return config!;
}

function fileOf(args: readonly string[]): string {
  const { flags, errors } = parseFlags(args);
  assertEquals(errors, []);
  return flags!.configFile!;
}

for (const file of ["deployment", "sidecar"]) {
  Deno.test(`kubernetes/${file}.yaml runs a configuration that is right, and probes it where it listens`, () => {
    const path = `packaging/kubernetes/${file}.yaml`;
    const manifests = parseAllYaml(read(path)) as Manifest[];
    const map = manifests.find(({ kind }) => kind === "ConfigMap")!;
    const pod = manifests.find(({ kind }) => kind === "Deployment")!.spec!.template!.spec;
    const containers = [...pod.initContainers ?? [], ...pod.containers];
    const container = containers.find(({ image }) => image === "aster")!;
    const config = configOf(map.data!["aster.toml"]!, path);

    const mount = container.volumeMounts[0]!;
    const volume = pod.volumes.find(({ name }) => name === mount.name)!;
    assertEquals(volume.configMap.name, map.metadata.name);
    assertEquals(fileOf(container.args), `${mount.mountPath}/aster.toml`);

    const ports = container.ports ?? [];
    const { livenessProbe, startupProbe, readinessProbe } = container;
    for (const probe of [livenessProbe, startupProbe, readinessProbe ?? startupProbe]) {
      const { port } = probe.httpGet;
      const number = ports.find(({ name }) => name === port)?.containerPort ?? port;
      assertEquals(number, config.runtime.metrics?.port);
    }
    assertEquals(livenessProbe.httpGet.path, "/health");
    assertEquals((readinessProbe ?? startupProbe).httpGet.path, "/ready");
    const { drainDelayMs, shutdownTimeoutMs } = config.runtime;
    const graceMs = 1000 * (pod.terminationGracePeriodSeconds ?? 30);
    assert(graceMs > drainDelayMs + shutdownTimeoutMs);

    for (const service of manifests.filter(({ kind }) => kind === "Service")) {
      const target = service.spec!.ports![0]!.targetPort;
      const listens = config.clusters.map(({ listen }) => listen.kind === "tcp" ? listen.port : 0);
      assert(listens.includes(ports.find(({ name }) => name === target)!.containerPort));
    }
  });
}

Deno.test("the Dockerfile copies what is there, sends no more to the builder, and runs what the program takes", () => {
  const ignored = read("packaging/Dockerfile.dockerignore");
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    .flatMap((match) => match[1]!.split(" "));
  assert(copied.length > 5);
  for (const source of copied) {
    assert(Deno.statSync(new URL(source, REPOSITORY)));
    assert(ignored.includes(`\n!${source}\n`), source);
  }
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
  assert(dockerfile.includes(`COPY default.toml ${fileOf(command)}\n`));
  const versions = [...dockerfile.matchAll(/denoland\/deno:\w+-([\d.]+)/g)].map(([, one]) => one);
  const [, documented] = /npx -y deno@([\d.]+) /.exec(read("README.md"))!;
  assertEquals(new Set(versions), new Set([documented]));
  assertMatch(dockerfile, /^USER 65532:65532$/m);
});

Deno.test("the unit of systemd gives more time to end than the defaults take, and checks before it reloads", () => {
  const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit)!;
  const { runtime } = configOf(read("default.toml"), "default.toml");
  assert(Number(seconds) * 1000 > runtime.drainDelayMs + runtime.shutdownTimeoutMs);
  for (const [, key, words] of unit.matchAll(/^(Exec\w+)=\S*\/deno run (.*)$/gm)) {
    const args = words!.split(" ");
    const file = fileOf(args.slice(args.indexOf("mod.ts") + 1));
    assertEquals(file, "/etc/aster/aster.toml", key);
  }
  const reloads = [...unit.matchAll(/^ExecReload=(.*)$/gm)].map(([, command]) => command!);
  assertMatch(reloads[0]!, / --check /);
  assertMatch(reloads[1]!, / -HUP \$MAINPID$/);
});

Deno.test({
  name: "systemd takes the unit, and finds little that it leaves open",
  // Only systemd itself can tell.
  ignore: !isThere("systemd-analyze"),
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      // The program stands elsewhere on the machine of a test.
      const path = `${directory}/aster.service`;
      await Deno.writeTextFile(path, unit.replaceAll("/usr/local/bin/deno", Deno.execPath()));
      const verified = await outputOf("systemd-analyze", ["verify", path]);
      assertEquals(verified.lines.filter((line) => line.includes("aster.service")), []);
      const judged = await outputOf("systemd-analyze", ["security", "--offline=yes", path]);
      const [, exposure] = /Overall exposure level for \S+ ([\d.]+)/.exec(judged.lines.join("\n"))!;
      assert(Number(exposure) < 2, `exposure ${exposure}`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "systemd takes the units that docs/operating.md shows",
  // Only systemd itself can tell.
  ignore: !isThere("systemd-analyze"),
  fn: async () => {
    const units = documentBlocks.filter(({ language }) => language === "ini");
    const directory = await Deno.makeTempDir();
    try {
      const names = await Promise.all(units.map(async ({ text }) => {
        const [, name] = /^# \S*\/(\S+)$/m.exec(text)!;
        const here = text.replaceAll("/usr/local/bin/deno", Deno.execPath());
        await Deno.writeTextFile(`${directory}/${name}`, here);
        return name!;
      }));
      assertEquals(names.toSorted(), ["aster.service", "aster.socket"]);
      const paths = names.map((name) => `${directory}/${name}`);
      const { lines } = await outputOf("systemd-analyze", ["verify", ...paths]);
      assertEquals(lines.filter((line) => line.includes("aster.")), []);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

function isThere(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

async function outputOf(program: string, args: string[]): Promise<{ lines: string[] }> {
  const { stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  return { lines: `${decoder.decode(stdout)}\n${decoder.decode(stderr)}`.split("\n") };
}
