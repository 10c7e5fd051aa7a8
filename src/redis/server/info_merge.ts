/**
 * Makes one INFO of those of several servers. What one server alone says is passed on as it is; of several:
 *
 * - numbers are summed, but for those of which the greatest or the least says more;
 * - what is computed of other fields (`_human`, `_perc`, `_ratio`, `usec_per_call`, `avg_ttl`) is computed anew;
 * - the parts of a value such as `keys=3,expires=1` are summed one by one; of percentiles the greatest is said;
 * - text is said where all agree, and left out where they do not; a status is `ok` where it is everywhere, and of
 *   versions the least is said.
 *
 * @module
 */
import { derivedValue } from "./info_derived.ts";
import { leastVersion } from "./least_version.ts";
import {
  type InfoField,
  type InfoSection,
  readInfo,
  readNumber,
  readParts,
  writeParts,
} from "./info_text.ts";

/** Fields beyond which no further ones are taken up: more than servers with all commands in use have. */
export const FIELDS_MAX = 20_000;

/** Of several versions the least is said, if all servers have one. */
const VERSIONS = new Set(["redis_version", "valkey_version"]);
/** Numbers that are a server's own: said where all agree. */
const OWN_NUMBERS = new Set([
  ...[
    ...VERSIONS,
    "arch_bits",
    "process_id",
    "redis_git_sha1",
    "redis_git_dirty",
    "redis_build_id",
    "run_id",
  ],
  ...["tcp_port", "master_replid", "master_replid2", "master_port", "slave_priority"],
]);
/** True where it is at every server. */
const LEAST = new Set(["loading", "async_loading"]);
/** True where it is at any server, the latest, or the longest. */
const GREATEST = new RegExp(
  "^(hz|configured_hz|lru_clock|server_time_usec|uptime_in_.*|.*_time_sec|.*_in_progress|" +
    ".*_scheduled|(repl_backlog|io_threads)_active|.*_enabled|.*_running|.*_perc|latest_fork_usec|second_repl_offset|" +
    "rdb_last_save_time|client_recent_max_.*|.*_consecutive_failures)$",
);
const STATUS = /_status$/;
/** Where servers differ in it, all values are said: libraries warn of any but one. */
const POLICY = "maxmemory_policy";
/** Lines of which there is one for each of something, all under the same name. */
const LISTED = "module";
/** Lines that are numbered at each server, from 0. */
const NUMBERED = /^(slave)\d+$/;
const PERCENTILE = /^p\d/;

/** What is known of a number at all servers. */
interface Numbers {
  sum: number;
  least: number;
  greatest: number;
}

/** What is known of one field. */
interface Gathered {
  readonly name: string;
  readonly first: string;
  serverCount: number;
  /** All values, where they are few. */
  readonly texts: Set<string>;
  numbers: Numbers | null;
  parts: Map<string, Numbers & { first: string; weighted: number }> | null;
}

/** Values of one field that are told apart. */
const TEXTS_MAX = 16;

/** Takes the texts of servers one after the other. */
export class InfoMerge {
  /** By title, in the order of the first server that has it. */
  readonly #sections = new Map<string, Map<string, Gathered>>();
  #fieldCount = 0;
  #serverCount = 0;
  #numbered = 0;

  /**
   * Takes one server's text.
   *
   * @param adjust Changes a field first, or leaves it out by null.
   */
  add(text: string, adjust: (title: string, field: InfoField) => InfoField | null): void {
    this.#serverCount += 1;
    for (const { title, fields } of readInfo(text)) {
      const section = this.#sections.get(title) ?? new Map<string, Gathered>();
      this.#sections.set(title, section);
      for (const field of fields) {
        const adjusted = adjust(title, field);
        if (adjusted !== null) this.#addField(section, adjusted);
      }
    }
  }

  /** What all of them say together. */
  sections(): InfoSection[] {
    return [...this.#sections].map(([title, gathered]) => ({
      title,
      fields: this.#fieldsOf(gathered),
    }));
  }

  #addField(section: Map<string, Gathered>, [name, value]: InfoField): void {
    const key = this.#keyOf(name, value);
    let gathered = section.get(key);
    if (gathered === undefined) {
      if (this.#fieldCount >= FIELDS_MAX) return;
      this.#fieldCount += 1;
      const shownName = name === LISTED ? name : key;
      gathered = {
        name: shownName,
        first: value,
        serverCount: 0,
        texts: new Set(),
        numbers: null,
        parts: null,
      };
      section.set(key, gathered);
    }
    gathered.serverCount += 1;
    if (gathered.texts.size < TEXTS_MAX) gathered.texts.add(value);
    const number = OWN_NUMBERS.has(name) ? null : readNumber(value);
    if (number !== null) gathered.numbers = added(gathered.numbers, number);
    else addParts(gathered, value);
  }

  #keyOf(name: string, value: string): string {
    if (name === LISTED) return `${name}:${value}`;
    const numbered = NUMBERED.exec(name);
    if (numbered === null) return name;
    this.#numbered += 1;
    return `${numbered[1]}${this.#numbered - 1}`;
  }

  #fieldsOf(gathered: ReadonlyMap<string, Gathered>): InfoField[] {
    const fields: InfoField[] = [];
    const values = new Map<string, number>();
    for (const field of gathered.values()) {
      if (field.numbers !== null) values.set(field.name, chosen(field.name, field.numbers));
    }
    for (const field of gathered.values()) {
      const value = this.#serverCount === 1
        ? field.first
        : VERSIONS.has(field.name)
        ? this.#leastVersion(field)
        : mergedValue(field, values);
      if (value !== null) fields.push([field.name, value]);
    }
    return fields;
  }

  /** Servers of another product have no such version. */
  #leastVersion({ serverCount, texts }: Gathered): string | null {
    return serverCount === this.#serverCount ? leastVersion(texts) : null;
  }
}

function added(numbers: Numbers | null, value: number): Numbers {
  if (numbers === null) return { sum: value, least: value, greatest: value };
  numbers.sum += value;
  numbers.least = Math.min(numbers.least, value);
  numbers.greatest = Math.max(numbers.greatest, value);
  return numbers;
}

function addParts(gathered: Gathered, value: string): void {
  const parts = readParts(value);
  if (parts === null) return;
  gathered.parts ??= new Map();
  const weight = Number(parts.find(([name]) => name === "expires")?.[1] ?? 0);
  for (const [name, text] of parts) {
    const number = readNumber(text) ?? 0;
    const known = gathered.parts.get(name);
    if (known === undefined) {
      gathered.parts.set(name, {
        sum: number,
        least: number,
        greatest: number,
        first: text,
        weighted: number * weight,
      });
    } else {
      added(known, number);
      known.weighted += number * weight;
    }
  }
}

function chosen(name: string, { sum, least, greatest }: Numbers): number {
  if (LEAST.has(name)) return least;
  return GREATEST.test(name) ? greatest : sum;
}

function mergedValue(field: Gathered, values: ReadonlyMap<string, number>): string | null {
  const { name, first, serverCount, texts, numbers, parts } = field;
  const derived = derivedValue(name, values);
  if (derived !== null) return derived;
  if (serverCount === 1 || name === LISTED) return first;
  if (numbers !== null) return decimal(values.get(name)!, first);
  if (texts.size === 1 && (parts === null || NUMBERED.test(name))) return first;
  if (parts !== null) return mergedParts(parts);
  if (STATUS.test(name)) return [...texts].find((text) => text !== "ok") ?? "ok";
  return name === POLICY ? [...texts].join(",") : null;
}

function mergedParts(parts: NonNullable<Gathered["parts"]>): string {
  const calls = parts.get("calls")?.sum ?? 0;
  const expires = parts.get("expires")?.sum ?? 0;
  return writeParts([...parts].map(([name, part]): InfoField => {
    if (readNumber(part.first) === null) return [name, part.first];
    if (PERCENTILE.test(name)) return [name, decimal(part.greatest, part.first)];
    if (name === "usec_per_call") {
      return [name, (calls === 0 ? 0 : parts.get("usec")!.sum / calls).toFixed(2)];
    }
    if (name === "avg_ttl") {
      return [name, String(expires === 0 ? 0 : Math.round(part.weighted / expires))];
    }
    return [name, decimal(part.sum, part.first)];
  }));
}

/** A number with as many places behind the point as a server gives it. */
function decimal(value: number, like: string): string {
  const point = like.indexOf(".");
  return value.toFixed(point < 0 ? 0 : like.length - point - 1);
}
