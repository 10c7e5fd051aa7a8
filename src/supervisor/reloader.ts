/**
 * Reads the configuration again while the proxy runs. A file that is not right changes nothing; what a right one
 * changes is logged as a difference, with the share of keys that get another server.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../config/config.ts";
import { formatProblem, type LoadResult } from "../config/load.ts";
import { compareConfigs, type ConfigDifference, isSame } from "../config/reload.ts";
import type { Log } from "../observe/log.ts";
import { movedShare } from "../router/moved_share.ts";
import type { RenewedCertificates } from "./fresh_certificates.ts";
import { StartError } from "./start_error.ts";

/** What a reload came to. */
export interface ReloadResult {
  /** Whether the file is in force now, or was already. */
  readonly isApplied: boolean;
  /** What changed, or would; one sentence each. */
  readonly changes: readonly string[];
  /** The largest share of keys, from 0 to 1, that get another server in any cluster. */
  readonly moved: number;
  /** Why it is not in force, or not wholly; one sentence each. */
  readonly problems: readonly string[];
}

/** How to reload. */
export interface ReloadOptions {
  /** Says what would change, and changes nothing. */
  readonly isDryRun?: boolean;
  /** Goes over to it however many keys get another server. */
  readonly isForced?: boolean;
}

/** What a reloader works with. */
export interface ReloadParts {
  /** Reads the file anew. */
  read(): string;
  /** Checks it. */
  load(text: string): LoadResult;
  /** Goes over to certificates as they are now; left out: they are read with the whole file only. */
  renewCertificates?(): Promise<RenewedCertificates>;
  /** The configuration in force. */
  current(): Config;
  /**
   * Goes over to another; returns what could not be done, one sentence each.
   *
   * @throws {StartError} If nothing could be done.
   */
  apply(config: Config): Promise<readonly string[]>;
  readonly log: Log;
}

/** How the last reload went, for metrics and `/status`. */
export interface ReloadState {
  /** Whether the last try succeeded; true where there was none. */
  isGood: boolean;
  /** Tries so far. */
  count: number;
  /** What went wrong at the last try. */
  problems: readonly string[];
  /** Whether what stood in the files of certificates when they changed last could be used; true before. */
  areCertificatesGood: boolean;
}

/** Reloads one after the other, however many are asked for at once. */
export class Reloader {
  readonly state: ReloadState = {
    isGood: true,
    count: 0,
    problems: [],
    areCertificatesGood: true,
  };
  readonly #parts: ReloadParts;
  #last: Promise<unknown> = Promise.resolve();
  /** The text that was looked at last. */
  #text: string;
  /** Something of the configuration in force could not be done. */
  #isPartial = false;

  /** @param text The text of the configuration in force. */
  constructor(parts: ReloadParts, text: string) {
    this.#parts = parts;
    this.#text = text;
  }

  /** Reads the file and goes over to it. */
  reload(options: ReloadOptions = {}): Promise<ReloadResult> {
    const result = this.#last.then(() => this.#reload(options));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Goes over to the certificates that stand in their files now; of the configuration nothing else is read again. */
  refreshCertificates(): Promise<void> {
    const refreshed = this.#last.then(() => this.#refresh());
    this.#last = refreshed.catch(() => {});
    return refreshed;
  }

  async #refresh(): Promise<void> {
    const { renewCertificates, log } = this.#parts;
    if (renewCertificates === undefined) return;
    let changed: readonly string[] = [];
    let problems: readonly string[] = [];
    try {
      ({ changed, problems } = await renewCertificates());
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems = error.reasons;
    }
    this.state.areCertificatesGood = problems.length === 0;
    if (problems.length > 0) {
      log.error("TLS certificates not replaced: the former stay", {
        problems: problems.join("; "),
      });
    } else if (changed.length > 0) {
      log.info("TLS certificates read again", { clusters: changed.join(", ") });
    }
  }

  /** Reloads if the file's text is another than the one that was looked at last. */
  async reloadIfChanged(): Promise<void> {
    try {
      if (this.#parts.read() === this.#text) return;
    } catch {
      // Between an editor's removing it and its putting the new one there is none; the next event comes.
      return;
    }
    await this.reload();
  }

  async #reload({ isDryRun = false, isForced = false }: ReloadOptions): Promise<ReloadResult> {
    const { log } = this.#parts;
    const next = this.#load(isDryRun);
    if ("problems" in next) return this.#refused(next.problems, [], 0, isDryRun);
    const former = this.#parts.current();
    const difference = compareConfigs(former, next.config);
    const changes = describeDifference(difference);
    const moved = Math.max(
      0,
      ...difference.changed.map(({ before, after }) => shareOf(before, after)),
    );
    const limit = next.config.runtime.reloadMaxMovedPercent / 100;
    if (moved > limit && !isForced) {
      const problem =
        `${percent(moved)} of the keys of a cluster would get another server, more than ` +
        `reload_max_moved allows (${percent(limit)}): nothing is changed without force`;
      return this.#refused([problem], changes, moved, isDryRun);
    }
    if (isDryRun) return { isApplied: false, changes, moved, problems: [] };
    let problems: readonly string[] = [];
    try {
      if (!isSame(difference) || this.#isPartial) problems = await this.#parts.apply(next.config);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      return this.#refused([...error.reasons], changes, moved, isDryRun);
    }
    this.#isPartial = problems.length > 0;
    this.#finished(problems);
    if (problems.length > 0) {
      log.error("Configuration reloaded, but not all of it", { problems: problems.join("; ") });
    } else {
      log.info(
        isSame(difference) ? "Configuration reloaded: no change" : "Configuration reloaded",
        {
          changes: changes.join("; "),
          keysMoved: percent(moved),
        },
      );
    }
    return { isApplied: true, changes, moved, problems };
  }

  #load(isDryRun: boolean): { config: Config } | { problems: string[] } {
    try {
      const text = this.#parts.read();
      if (!isDryRun) this.#text = text;
      const { config, problems, warnings } = this.#parts.load(text);
      if (config === null) return { problems: problems.map(formatProblem) };
      for (const warning of isDryRun ? [] : warnings) {
        this.#parts.log.warning("Configuration warning", { problem: formatProblem(warning) });
      }
      return { config };
    } catch (error) {
      return { problems: [error instanceof Error ? error.message : String(error)] };
    }
  }

  #refused(
    problems: string[],
    changes: readonly string[],
    moved: number,
    isDryRun: boolean,
  ): ReloadResult {
    if (!isDryRun) {
      this.#finished(problems);
      this.#parts.log.error("Configuration not reloaded: the former stays in force", {
        problems: problems.join("; "),
      });
    }
    return { isApplied: false, changes, moved, problems };
  }

  #finished(problems: readonly string[]): void {
    this.state.isGood = problems.length === 0;
    if (problems.length === 0) this.state.areCertificatesGood = true;
    this.state.count += 1;
    this.state.problems = problems;
  }
}

/** What two configurations differ in, one sentence each. */
export function describeDifference(
  { added, removed, changed, runtime, needsRestart }: ConfigDifference,
): string[] {
  return [
    ...added.map(({ name }) => `cluster "${name}" comes`),
    ...removed.map(({ name }) => `cluster "${name}" goes`),
    ...changed.flatMap(describeCluster),
    ...runtime.length > 0 ? [`[runtime] ${runtime.join(", ")}`] : [],
    ...needsRestart.length > 0
      ? [`[runtime] ${needsRestart.join(", ")}: from the next start on`]
      : [],
  ];
}

function describeCluster(
  { before, after, live, newConnections }: ConfigDifference["changed"][number],
): string[] {
  const lines: string[] = [];
  const name = `cluster "${after.name}"`;
  if (live.length > 0) lines.push(`${name}: ${live.join(", ")}`);
  if (newConnections.length > 0) {
    lines.push(`${name}: ${newConnections.join(", ")} for new connections`);
  }
  const share = shareOf(before, after);
  if (share > 0) lines.push(`${name}: ${percent(share)} of its keys get another server`);
  return lines;
}

/** The share of keys that get another server; where the servers place them themselves there is none. */
function shareOf(before: ClusterConfig, after: ClusterConfig): number {
  if (before.type === "redis_cluster" || after.type === "redis_cluster") {
    return before.type === after.type ? 0 : 1;
  }
  return movedShare(before, after);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
