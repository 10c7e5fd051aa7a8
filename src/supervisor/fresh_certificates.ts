/**
 * Certificates that change while everything else of the configuration stays: their files are watched, and read again.
 *
 * @module
 */
import type { ClusterConfig, Config, PemFile, TlsPair } from "../config/config.ts";
import { caFault, pairFault, tlsFiles } from "../config/tls.ts";
import type { Log } from "../observe/log.ts";
import { FileWatch, folderOf } from "./file_watch.ts";

/** What became of certificates whose files have changed. */
export interface RenewedCertificates {
  /** Names of the clusters for which something changed. */
  readonly changed: readonly string[];
  /** Why what stands there cannot be used, one sentence each. */
  readonly problems: readonly string[];
}

/** What the files say now. */
export interface FreshCertificates extends RenewedCertificates {
  /** The configuration with what stands in its files now; of a cluster with a problem what it had. */
  readonly config: Config;
}

/**
 * Reads the certificates of a configuration again.
 *
 * @param read Returns a file's text.
 */
export function readFreshCertificates(
  config: Config,
  read: (path: string) => string,
): FreshCertificates {
  const changed: string[] = [];
  const problems: string[] = [];
  const clusters = config.clusters.map((cluster) => {
    const found: string[] = [];
    const fresh = freshCluster(cluster, read, found);
    problems.push(...found.map((problem) => `cluster "${cluster.name}": ${problem}`));
    if (found.length > 0 || isSame(cluster, fresh)) return cluster;
    changed.push(cluster.name);
    return fresh;
  });
  return { config: { ...config, clusters }, changed, problems };
}

/**
 * Has `changed` called when something may have happened to the files of certificates, whichever these are at present: also
 * when they begin to be watched, as they were read before that.
 */
export class CertificateWatch {
  readonly #changed: () => void;
  readonly #log: Log;
  /** By folder and files. */
  readonly #watches: Map<string, FileWatch> = new Map();

  constructor(changed: () => void, log: Log) {
    this.#changed = changed;
    this.#log = log;
  }

  /** Watches the files of this configuration, and no others. */
  follow(config: Config): void {
    const paths = config.clusters.flatMap((cluster) =>
      tlsFiles(cluster.certificates, cluster.backendCertificates).map(({ path }) => path)
    );
    const wanted = new Map<string, [string, ...string[]]>();
    for (const path of new Set(paths)) {
      const folder = folderOf(path);
      wanted.set(folder, [path, ...wanted.get(folder) ?? []]);
    }
    const keys = new Map([...wanted.values()].map((files) => [files.toSorted().join("\n"), files]));
    for (const [key, watch] of this.#watches) {
      if (keys.has(key)) continue;
      watch.close();
      this.#watches.delete(key);
    }
    const opened = [...keys].filter(([key, files]) =>
      !this.#watches.has(key) && this.#watch(key, files)
    );
    if (opened.length > 0) this.#changed();
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  /** Returns whether they can be watched. */
  #watch(key: string, files: readonly [string, ...string[]]): boolean {
    const folder = folderOf(files[0]);
    try {
      const permission = { name: "read", path: folder } as const;
      if (Deno.permissions.querySync(permission).state !== "granted") {
        throw new Error("reading the folder is not permitted: see --print-permissions");
      }
      this.#watches.set(key, new FileWatch(files, this.#changed));
      return true;
    } catch (error) {
      this.#log.warning("TLS certificates are not watched: a reload reads them again", {
        folder,
        reason: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  }
}

/** Appends to `problems` what cannot be used. */
function freshCluster(
  cluster: ClusterConfig,
  read: (path: string) => string,
  problems: string[],
): ClusterConfig {
  const file = ({ path, pem }: PemFile): PemFile => {
    try {
      return { path, pem: read(path) };
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return { path, pem };
    }
  };
  const pairOf = ({ cert, key }: TlsPair): TlsPair => {
    const pair = { cert: file(cert), key: file(key) };
    const fault = pairFault(pair.cert.pem, pair.key.pem);
    if (fault !== null) problems.push(`the file ${pair[fault.field].path} ${fault.fault}`);
    return pair;
  };
  const caOf = (ca: PemFile | null): PemFile | null => {
    if (ca === null) return null;
    const fresh = file(ca);
    const fault = caFault(fresh.pem);
    if (fault !== null) problems.push(`the file ${fresh.path} ${fault}`);
    return fresh;
  };
  const { certificates, backendCertificates } = cluster;
  return {
    ...cluster,
    certificates: certificates === null ? null : {
      ...certificates,
      pair: pairOf(certificates.pair),
      named: certificates.named.map(({ name, pair }) => ({ name, pair: pairOf(pair) })),
      clientCa: caOf(certificates.clientCa),
    },
    backendCertificates: backendCertificates === null ? null : {
      ca: caOf(backendCertificates.ca),
      pair: backendCertificates.pair === null ? null : pairOf(backendCertificates.pair),
    },
  };
}

function isSame(one: ClusterConfig, other: ClusterConfig): boolean {
  const texts = ({ certificates, backendCertificates }: ClusterConfig) =>
    tlsFiles(certificates, backendCertificates).map(({ pem }) => pem).join();
  return texts(one) === texts(other);
}
