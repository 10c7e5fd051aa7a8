/**
 * The least permissions a configuration needs: what `--print-permissions` prints.
 *
 * @module
 */
import {
  advertisableHost,
  needsAdvertisedAddress,
  needsMachineAddress,
} from "./config/advertisable.ts";
import type { ClusterConfig, Config } from "./config/config.ts";
import { STANDARD_ERROR } from "./config/runtime.ts";
import type { EnvironmentName } from "./config/environment.ts";
import { type SecretPlace, secretPlace } from "./config/secret_source.ts";
import { isIpv4, isIpv6 } from "./config/socket_address.ts";
import { speaksTls, tlsFiles } from "./config/tls.ts";
import { listenGrants, socketFiles } from "./config/unix_sockets.ts";
import { formatEndpoint, formatHost, hostOf } from "./endpoint.ts";
import { folderOf } from "./supervisor/file_watch.ts";
import { NEW_FILE_SUFFIX } from "./supervisor/state_file.ts";

/** What decides about permissions besides the configuration. */
export interface PermissionOptions {
  /** The file of the configuration; null where the environment holds it. */
  configPath: string | null;
  /** Whether it is read again whenever it changes. */
  isReloading: boolean;
  /**
   * Directory of the worker's modules, which Deno reads when the worker starts; null if not on
   * disk.
   */
  sourceDirectory: string | null;
  /** Environment variables that can decide something, see `LoadResult`. */
  environmentNames: readonly EnvironmentName[];
  /** Where secrets of the clusters are, see `LoadResult`. */
  secretPlaces: readonly SecretPlace[];
  /** The flag `--ip`, or null. */
  ip: string | null;
  /** Env `HOST` as it is now. */
  host: string | undefined;
  /** Path of the C library. */
  libcPath: string;
  /** Path of OpenSSL. */
  libsslPath: string;
}

/**
 * The flags of `deno run`, one per element, in the order they are printed. Libraries need none:
 * they are loaded before permissions count, and none of them reads the environment.
 */
export function permissionFlags(config: Config, options: PermissionOptions): string[] {
  const { takeoverSocket } = config.runtime;
  // On epoll the C library opens it.
  const door = config.runtime.io === "epoll" ? null : takeoverSocket;
  const reached = processAddresses(config);
  if (door !== null) reached.push(`unix:${door}`);
  const flags = ["--no-prompt"];
  if (reached.length > 0) flags.push(`--allow-net=${reached.join(",")}`);
  const secrets = [...options.secretPlaces, secretPlace(config.runtime.adminToken ?? "")];
  const secretFiles = secrets.flatMap((place) => place.kind === "file" ? [place.path] : []);
  const { configPath, isReloading } = options;
  // Whoever replaces a file has the folder watched, and in a ConfigMap the file is a link to another in it.
  const watched = configPath !== null && isReloading ? folderOf(configPath) : configPath;
  const paths = [watched, options.sourceDirectory, takeoverSocket].filter((path) => path !== null);
  paths.push(...certificateFolders(config));
  paths.push(...secretFiles);
  const { stateFile } = config.runtime;
  const written = stateFile === null ? [] : [stateFile, stateFile + NEW_FILE_SUFFIX];
  if (config.runtime.io === "deno") written.push(...config.clusters.flatMap(socketFiles));
  paths.push(...written);
  if (door !== null) written.push(door);
  if (paths.length > 0) flags.push(`--allow-read=${unique(paths.map(grantablePath)).join(",")}`);
  if (written.length > 0) {
    flags.push(`--allow-write=${unique(written.map(grantablePath)).join(",")}`);
  }
  const names: string[] = [...options.environmentNames];
  // Sockets from systemd are for it.
  if (config.runtime.io === "epoll") names.push("LISTEN_PID", "LISTEN_FDS");
  names.push(...secrets.flatMap((place) => place.kind === "env" ? [place.name] : []));
  const mustSay = needsAdvertisedAddress(config) && options.ip === null;
  if (mustSay) names.push("HOST");
  if (names.length > 0) flags.push(`--allow-env=${unique(names).join(",")}`);
  if (mustSay && needsMachineAddress(config) && advertisableHost(options.host) === undefined) {
    flags.push("--allow-sys=networkInterfaces");
  }
  const { auditLog } = config.runtime;
  if (auditLog !== null && auditLog !== STANDARD_ERROR) {
    flags.push(`--allow-write=${grantablePath(auditLog)}`);
  }
  if (config.runtime.io === "epoll") {
    const libraries = [options.libcPath, ...speaksTls(config) ? [options.libsslPath] : []];
    flags.push(`--allow-ffi=${libraries.join(",")}`);
  }
  return flags;
}

/** The flags as one line for a POSIX shell. Only what a shell would split or expand is quoted. */
export function formatPermissionFlags(flags: readonly string[]): string {
  return flags.map((flag) =>
    /^[A-Za-z0-9_.,:=/@%+[\]-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", `'\\''`)}'`
  ).join(" ");
}

/** What has to be known beside the flags: lines for people, each a comment. */
export function permissionNotes(config: Config): string[] {
  if (config.runtime.io === "epoll") {
    return [
      '# io = "epoll": whoever may call the C library is not bound by --allow-net any more, so it has no',
      "# backends. Run the program as a user who may do little.",
    ];
  }
  const slots = config.clusters.filter((cluster) => isDiscovering(cluster, config));
  if (slots.length === 0) return [];
  const names = slots.map((cluster) => `"${cluster.name}"`).join(", ");
  const hosts = unique(slots.flatMap(seedHosts)).join(", ");
  const notes = [
    `# Redis Cluster ${names}: the nodes are found at run time, so every port of the seeds' hosts`,
    `# (${hosts}) is allowed. Nodes on other hosts: add their host, host:port or subnet to`,
    "# --allow-net, such as 10.1.0.0/16. To narrow it: name each node as host:port instead.",
  ];
  const isNamed = slots.some(({ servers }) =>
    servers.some(({ endpoint }) => !isIp(hostOf(endpoint)))
  );
  // Deno compares what is connected to as it is written, and nodes mostly call each other by address.
  if (isNamed) {
    notes.push("# A host's name does not allow its addresses: add those of the nodes too.");
  }
  return notes;
}

/** Folders of certificates: whoever renews them replaces files there, and links. */
function certificateFolders({ clusters, runtime: { adminTls } }: Config): string[] {
  const own = adminTls === null ? [] : [adminTls.cert.path, adminTls.key.path].map(folderOf);
  return clusters.flatMap(({ certificates, backendCertificates }) =>
    tlsFiles(certificates, backendCertificates).map(({ path }) => folderOf(path))
  ).concat(own);
}

/** What the main thread tries to bind, and on Deno's sockets what workers connect to. */
function processAddresses(config: Config): string[] {
  const addresses = config.clusters.flatMap((cluster) => [
    ...listenAddresses(cluster, config),
    ...backendAddresses(cluster, config),
  ]);
  const { io, metrics, network } = config.runtime;
  if (io !== "epoll" && typeof network !== "string") addresses.push(...network);
  return unique(metrics === null ? addresses : [...addresses, formatEndpoint(metrics)]);
}

function listenAddresses(cluster: ClusterConfig, config: Config): string[] {
  const grants = listenGrants(cluster);
  return config.runtime.io === "epoll" ? grants.filter((one) => !one.startsWith("unix:")) : grants;
}

/**
 * A host on every port does not make its single addresses go away: so narrowing is one
 * replacement.
 */
function backendAddresses(cluster: ClusterConfig, config: Config): string[] {
  if (config.runtime.io === "epoll") return [];
  return isDiscovering(cluster, config)
    ? seedHosts(cluster)
    : cluster.servers.map((server) => server.address);
}

/** Whether a cluster connects to nodes that the file does not name. */
function isDiscovering(cluster: ClusterConfig, config: Config): boolean {
  return cluster.type === "redis_cluster" && config.runtime.network === "process";
}

function seedHosts(cluster: ClusterConfig): string[] {
  return cluster.servers.map((server) => formatHost(hostOf(server.endpoint)));
}

function isIp(hostname: string): boolean {
  return isIpv4(hostname) || isIpv6(hostname);
}

/** Deno separates paths by commas and knows no escape: such a path needs a directory above it. */
function grantablePath(path: string): string {
  const comma = path.indexOf(",");
  if (comma < 0) return path;
  const slash = path.lastIndexOf("/", comma);
  return slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
