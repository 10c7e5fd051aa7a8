/**
 * Single settings of clusters, shown and changed while the proxy runs: numbers and switches that take effect at once. A
 * change is kept in the process only; the next reload goes back to what the file says.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../config/config.ts";
import { nearestName } from "../config/key_names.ts";
import { clusterReload } from "../config/reload.ts";
import { clusterKeys, type KeyRows } from "../config/schema.ts";
import { valibot } from "../../deps.ts";

const PREFIX = "cluster.";
/** Live, but workers are given to clusters by it: that is a reload's. */
const LEFT_OUT = new Set(["thread"]);

const rows: KeyRows = clusterKeys;

/** A setting of one cluster. */
interface Field {
  readonly field: keyof ClusterConfig;
  readonly key: string;
}

const fields: readonly Field[] = (Object.keys(clusterReload) as (keyof ClusterConfig)[])
  .map((field) => ({ field, key: clusterReload[field].key }))
  .filter(({ field, key }) => {
    const type = rows[key]?.type;
    const isSingle = type === "integer" || type === "boolean";
    return clusterReload[field].applies === "live" && isSingle && !LEFT_OUT.has(key);
  });

/** A setting as it is shown. */
export interface ShownSetting {
  /** `cluster.<name>.<key>`. */
  readonly name: string;
  readonly value: string;
}

/** A setting that is another one than the file's. */
export interface ChangedSetting {
  readonly cluster: string;
  readonly key: string;
  readonly value: number | boolean;
  readonly fileValue: number | boolean;
}

/** A changed configuration, or why it is not changed: a sentence. */
export type ChangeResult =
  | { readonly config: Config; readonly problem: null }
  | { readonly config: null; readonly problem: string };

/** All settings whose name matches one of some patterns, in which `*` is any text and `?` any character. */
export function findSettings(config: Config, patterns: readonly string[]): ShownSetting[] {
  return config.clusters.flatMap((cluster) =>
    fields.map(({ field, key }) => ({
      name: `${PREFIX}${cluster.name}.${key}`,
      value: String(cluster[field]),
    }))
  ).filter(({ name }) => patterns.some((pattern) => matches(pattern, name)));
}

/** Changes settings, all or none; each is named `cluster.<name>.<key>`, its key with `_` or `-`. */
export function changeSettings(
  config: Config,
  changes: readonly (readonly [name: string, value: string])[],
): ChangeResult {
  let changed = config;
  for (const [name, value] of changes) {
    const result = changeOne(changed, name, value);
    if (result.problem !== null) return result;
    changed = result.config;
  }
  for (const { name, backendQueueSoftBytes, maxBackendQueueBytes } of changed.clusters) {
    if (backendQueueSoftBytes <= maxBackendQueueBytes) continue;
    const problem = `${PREFIX}${name}.backend_queue_soft_bytes: expected at most ` +
      `max_backend_queue_bytes, ${maxBackendQueueBytes}`;
    return { config: null, problem };
  }
  return { config: changed, problem: null };
}

function changeOne(config: Config, name: string, text: string): ChangeResult {
  const refused = (problem: string): ChangeResult => ({ config: null, problem });
  const keyAt = name.lastIndexOf(".");
  const isNamed = name.toLowerCase().startsWith(PREFIX) && keyAt >= PREFIX.length;
  if (!isNamed) return refused(`'${name}': expected cluster.<name>.<key>`);
  const cluster = config.clusters.find((one) => one.name === name.slice(PREFIX.length, keyAt));
  if (cluster === undefined) {
    return refused(`'${name}': there is no cluster '${name.slice(PREFIX.length, keyAt)}'`);
  }
  const key = name.slice(keyAt + 1).toLowerCase().replaceAll("-", "_");
  const known = fields.find((one) => one.key === key);
  if (known === undefined) return refused(`'${name}': ${whyNot(key)}`);
  const row = rows[key]!;
  const value = row.type === "boolean" ? readSwitch(text) : readNumber(text);
  const checked = valibot.safeParse(row.schema, value);
  if (!checked.success) return refused(`'${name}': expected ${row.expected}, not '${text}'`);
  const changed = { ...cluster, [known.field]: checked.output };
  const clusters = config.clusters.map((one) => one === cluster ? changed : one);
  return { config: { ...config, clusters }, problem: null };
}

function whyNot(key: string): string {
  if (key in rows) return `${key} is changed by the file and a reload only`;
  const nearest = nearestName(key, fields.map((one) => one.key));
  return nearest === null
    ? `unknown key '${key}'`
    : `unknown key '${key}', did you mean ${nearest}?`;
}

function readNumber(text: string): number | null {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}

function readSwitch(text: string): boolean | null {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off)$/i.test(text) ? false : null;
}

/** What is in force and not what the file says. */
export function changedSettings(file: Config, current: Config): ChangedSetting[] {
  return current.clusters.flatMap((cluster) => {
    const before = file.clusters.find(({ name }) => name === cluster.name);
    if (before === undefined) return [];
    return fields.filter(({ field }) => before[field] !== cluster[field]).map(({ field, key }) => ({
      cluster: cluster.name,
      key,
      value: cluster[field] as number | boolean,
      fileValue: before[field] as number | boolean,
    }));
  });
}

/** Whether `text` matches `pattern`; the time is at most that of both lengths multiplied. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let starAt = -1;
  let starPosition = 0;
  let position = 0;
  while (position < text.length) {
    if (pattern[at] === "*") {
      starAt = at;
      starPosition = position;
      at += 1;
    } else if (pattern[at] === "?" || pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (starAt >= 0) {
      // The last star takes one character more.
      starPosition += 1;
      position = starPosition;
      at = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
