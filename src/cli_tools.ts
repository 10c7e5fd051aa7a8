/**
 * Sub-commands that look at files and start nothing: `aster check`, `aster route`, `aster import`.
 *
 * @module
 */
import type { Config } from "./config/config.ts";
import { formatProblem, type LoadResult } from "./config/load.ts";
import { nearestName } from "./config/key_names.ts";
import { showValue } from "./config/problem.ts";
import { placementShare, routeOf, spreadWarnings } from "./cli_route.ts";
import type { Imported } from "./import/imported.ts";
import { importNutcracker } from "./import/nutcracker.ts";
import { importPredixy } from "./import/predixy.ts";

/** What a sub-command works with. */
export interface Tools {
  /** @throws {Error} That names the file and why it cannot be read. */
  readText(file: string): string;
  /** Checks a configuration as `--check` does, its secrets not fetched. */
  load(text: string, file: string): LoadResult;
  /** The lines that say what would run. */
  describe(config: Config): readonly string[];
  /** The lines of standard input. */
  inputLines(): AsyncIterable<string>;
  print(line: string): void;
  printError(line: string): void;
}

/** Runs one with the words behind its name. True: as asked; false: the usage or a file is wrong. */
type Run = (words: readonly string[], tools: Tools) => boolean | Promise<boolean>;

const commands = new Map<string, Run>([["check", check], ["route", route], ["import", importFile]]);

/** The part of `--help` about them. */
export const TOOLS_HELP = `Look at files, and start nothing:

  aster check FILE           as --check; also says where twemproxy and aster 1.x differ
  aster route FILE CLUSTER [KEY…]
                             which server or slot each key has; keys of standard input if none
  aster import nutcracker.yml|predixy.conf
                             another proxy's file as a configuration; what to know as comments
`;

/** Whether the first word of the command line is such a sub-command. A file of that name is \`./check\`. */
export function isTool(word: string | undefined): boolean {
  return word !== undefined && commands.has(word);
}

/** Runs a sub-command, its name included. */
export async function runTool([name, ...words]: readonly string[], tools: Tools): Promise<boolean> {
  const flag = words.find((word) => word.startsWith("-"));
  if (flag !== undefined && name !== "route") {
    return wrong(tools, `unknown flag ${showValue(flag)} of "${name}"`);
  }
  try {
    return await commands.get(name!)!(words, tools);
  } catch (error) {
    tools.printError(`error: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function check(words: readonly string[], tools: Tools): boolean {
  if (words.length !== 1) return wrong(tools, "expected: aster check FILE");
  const config = loadOrSay(words[0]!, tools);
  if (config === null) return false;
  for (const line of tools.describe(config)) tools.print(line);
  for (const warning of spreadWarnings(config)) tools.printError(`warning: ${warning}`);
  for (const cluster of config.clusters) {
    const share = placementShare(cluster);
    if (share === 0) continue;
    tools.printError(
      `warning: cluster "${cluster.name}": aster 1.x and twemproxy place ` +
        `${Math.ceil(share * 100)} % of the keys differently here; placement = ` +
        `"${cluster.placement}" keeps those of ${
          cluster.placement === "aster" ? "aster 1.x" : "twemproxy"
        }`,
    );
  }
  return true;
}

async function route(words: readonly string[], tools: Tools): Promise<boolean> {
  const [file, name, ...keys] = words;
  if (name === undefined) return wrong(tools, "expected: aster route FILE CLUSTER [KEY…]");
  const config = loadOrSay(file!, tools);
  if (config === null) return false;
  const cluster = config.clusters.find((one) => one.name === name);
  if (cluster === undefined) {
    const names = config.clusters.map((one) => one.name);
    const nearest = nearestName(name, names) ?? names.join(", ");
    return wrong(tools, `${file} has no cluster ${showValue(name)}; it has ${nearest}`);
  }
  if (cluster.type !== "redis_cluster" && cluster.distribution === "random") {
    return wrong(tools, `distribution = "random": keys of "${name}" have no server of their own`);
  }
  const routed = routeOf(cluster);
  if (keys.length > 0) {
    for (const key of keys) tools.print(routed(key));
  } else {
    for await (const key of tools.inputLines()) tools.print(routed(key));
  }
  return true;
}

function importFile(words: readonly string[], tools: Tools): boolean {
  if (words.length !== 1) return wrong(tools, "expected: aster import nutcracker.yml|predixy.conf");
  const file = words[0]!;
  const imported = read(file, tools.readText(file));
  const text = imported.toml();
  tools.print(text.trimEnd());
  for (const note of imported.notes) tools.printError(`# ${note}`);
  const { problems, warnings } = tools.load(text, "result");
  for (const problem of [...problems, ...warnings]) {
    tools.printError(`# to mend: ${formatProblem(problem)}`);
  }
  return true;
}

/** Tells the two by the file's name, else by its form: pools of twemproxy are `name:` at the start of a line. */
function read(file: string, text: string): Imported {
  const isYaml = /\.ya?ml$/i.test(file) || (!/\.conf$/i.test(file) && /^[\w.-]+:\s*$/m.test(text));
  try {
    return isYaml ? importNutcracker(text) : importPredixy(text);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function loadOrSay(file: string, tools: Tools): Config | null {
  const { config, problems, warnings } = tools.load(tools.readText(file), file);
  for (const problem of problems) tools.printError(`error: ${formatProblem(problem)}`);
  for (const warning of warnings) tools.printError(`warning: ${formatProblem(warning)}`);
  return config;
}

function wrong({ printError }: Tools, text: string): false {
  printError(`aster: ${text}`);
  printError("aster: try --help");
  return false;
}
