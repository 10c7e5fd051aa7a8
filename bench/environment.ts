/**
 * Where a result comes from: without it a figure cannot be compared with another.
 *
 * @module
 */
import { workingCommit } from "./revision.ts";

/** Machine and programs of one run. */
export interface Environment {
  /** ISO 8601, to the second, in UTC. */
  date: string;
  commit: string;
  cpu: string;
  cores: number;
  kernel: string;
  deno: string;
  redis: string;
  memcached: string;
  nutcracker: string;
  /** Load average over one minute before the run: above 0 something else took part of the cores. */
  loadAverage: number;
}

/** What this machine and its programs are. */
export async function describeEnvironment(): Promise<Environment> {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1];
  return {
    date: new Date().toISOString().slice(0, 19) + "Z",
    commit: await workingCommit(),
    cpu: cpu ?? "unknown",
    cores: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    redis: await versionOf("redis-server", "--version"),
    memcached: await versionOf("memcached", "-V"),
    nutcracker: await versionOf("nutcracker", "--version"),
    loadAverage: Deno.loadavg()[0]!,
  };
}

/** One line on it, above the tables. */
export function environmentLine(environment: Environment): string {
  const { date, commit, cpu, cores, kernel, deno, redis, memcached, nutcracker } = environment;
  return `${date}, commit ${commit}; ${cores} cores (${cpu}), Linux ${kernel}; ` +
    `Deno ${deno}, Redis ${redis}, memcached ${memcached}, nutcracker ${nutcracker}; load before ${
      environment.loadAverage.toFixed(2)
    }`;
}

/**
 * The version that a program prints.
 *
 * @throws {Error} If it is not installed.
 */
async function versionOf(program: string, flag: string): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args: [flag] }).output();
    const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return /\d+\.\d+(\.\d+)*/.exec(printed)?.[0] ?? "unknown";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is not installed; the benchmark needs it`, { cause: error });
  }
}
