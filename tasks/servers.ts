/**
 * The servers that the tests and the demo start: whether they are there, and their installation where that is
 * allowed.
 *
 * @module
 */

/** A program that somebody else provides; memccapable stands for all programs of libmemcached. */
export type ServerName = "redis-server" | "memcached" | "nutcracker" | "memccapable";

/** What the tests need. */
export const TEST_SERVERS: readonly ServerName[] = [
  ...["redis-server", "memcached", "nutcracker", "memccapable"] as const,
];

/** How a package manager is called, and what it calls the servers. */
interface PackageManager {
  command: string;
  /** Words in front of the package names. */
  install: string[];
  packages: Partial<Record<ServerName, string>>;
}

const REPOSITORY = new URL("../", import.meta.url);

/** Where Debian puts servers; not on every user's path. */
const SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"];

const packageManagers: PackageManager[] = [
  {
    command: "apt-get",
    install: ["sh", decodeURIComponent(new URL("tasks/install_with_apt.sh", REPOSITORY).pathname)],
    packages: {
      "redis-server": "redis-server",
      memcached: "memcached",
      nutcracker: "nutcracker",
      memccapable: "libmemcached-tools",
    },
  },
  {
    command: "dnf",
    install: ["dnf", "install", "-y"],
    packages: { "redis-server": "redis", memcached: "memcached" },
  },
  {
    command: "apk",
    install: ["apk", "add"],
    packages: { "redis-server": "redis", memcached: "memcached" },
  },
  {
    command: "brew",
    install: ["brew", "install"],
    packages: {
      "redis-server": "redis",
      memcached: "memcached",
      nutcracker: "twemproxy",
      memccapable: "libmemcached",
    },
  },
];

/** Who may decide that something is installed. */
export interface InstallOptions {
  /** What the servers are for, for the question and the error. */
  purpose: string;
  /** `--yes` was given. */
  isAllowed: boolean;
}

/** Servers are missing and may not or cannot be installed. */
export class ServersMissing extends Error {
  override name = "ServersMissing";
}

/**
 * Makes sure that the servers can be started by name. Missing ones are installed by the system's package
 * manager if that is allowed: by the options, by `CI=true`, or by a person at the terminal.
 *
 * @throws {ServersMissing} If that does not help; the text says what to install.
 */
export async function ensureServers(
  names: readonly ServerName[],
  options: InstallOptions,
): Promise<void> {
  extendPath();
  const missing = names.filter((name) => findCommand(name) === null);
  if (missing.length === 0) return;
  const manager = packageManagers.find(({ command }) => findCommand(command) !== null);
  const words = manager === undefined ? null : installCommand(manager, missing);
  if (words === null) {
    throw new ServersMissing(`${options.purpose} needs ${missing.join(", ")}: please install`);
  }
  if (!mayInstall(missing, options)) {
    throw new ServersMissing(
      `${options.purpose} needs ${missing.join(", ")}; to install: ${words.join(" ")}`,
    );
  }
  const { success } = await new Deno.Command(words[0]!, { args: words.slice(1) }).spawn().status;
  const stillMissing = missing.filter((name) => findCommand(name) === null);
  if (!success || stillMissing.length > 0) {
    throw new ServersMissing(
      `Installation failed (${words.join(" ")}): ${stillMissing.join(", ")}`,
    );
  }
}

/** The command that installs the servers, or null where the manager does not have one of them. */
function installCommand(manager: PackageManager, names: readonly ServerName[]): string[] | null {
  const packages = names.map((name) => manager.packages[name]);
  if (packages.includes(undefined)) return null;
  const words = [...manager.install, ...packages as string[]];
  if (manager.command === "brew" || Deno.uid() === 0) return words;
  return isAtTerminal() ? ["sudo", ...words] : ["sudo", "-n", ...words];
}

function mayInstall(names: readonly ServerName[], options: InstallOptions): boolean {
  if (options.isAllowed || Deno.env.get("CI") === "true") return true;
  if (!isAtTerminal()) return false;
  return confirm(`${options.purpose} needs ${names.join(", ")}. Install by the package manager?`);
}

function isAtTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** Puts the servers' folders on the path, for this process and those it starts. */
function extendPath(): void {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const added = SERVER_FOLDERS.filter((folder) => !folders.includes(folder));
  Deno.env.set("PATH", [...folders, ...added].join(":"));
}

/** The path of a program, or null. */
export function findCommand(name: string): string | null {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (isFile(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
