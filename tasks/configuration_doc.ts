/**
 * Part of `deno task docs`: writes into docs/configuration.md what is known of keys, flags and variables, and the
 * numbers of its sentences. The rest of the page is written by hand, in the page itself.
 *
 * @module
 */
import { type FlagRow, switchFlags, USAGE, valueFlags } from "../src/cli_flags.ts";
import { backupRequestFields } from "../src/config/backup_request.ts";
import { userFields } from "../src/config/credentials.ts";
import { customCommandFields } from "../src/config/custom_commands.ts";
import { environmentMeanings } from "../src/config/environment.ts";
import { type FieldRows, type KeyRow, type Scope, scopesOf } from "../src/config/key_row.ts";
import { rateLimitFields } from "../src/config/rate_limit.ts";
import {
  type Applies,
  clusterReload,
  type ReloadRow,
  runtimeReload,
} from "../src/config/reload.ts";
import { clusterKeys, clusterTypes, type KeyRows, runtimeKeys } from "../src/config/schema.ts";
import { backendTlsFields, tlsFields } from "../src/config/tls.ts";
import { type Sentence, writeNumbers } from "./configuration_numbers.ts";
import { alignColumns } from "./markdown_table.ts";

/** Path of the page from the repository's root. */
export const CONFIGURATION_DOCUMENT = "docs/configuration.md";

type Row = KeyRow<unknown, unknown>;

/** What the page says of when a changed key takes effect. */
const reloadTexts: Readonly<Record<Applies, string>> = {
  live: "at once",
  new_connections: "new connections",
  restart: "next start",
};

/** What is written between the comments `NAME: made by deno task docs` and `end of NAME`. */
const parts: Readonly<Record<string, () => string>> = {
  usage: () => `\`\`\`\n${USAGE}\`\`\`\n`,
  flags: flagTable,
  environment: () =>
    alignColumns([
      ["Variable", "Meaning"],
      ...Object.entries(environmentMeanings).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ]),
  clusters: () => keyTable(clusterKeys, Object.values(clusterReload), true),
  scopes: scopeTable,
  runtime: () => keyTable(runtimeKeys, Object.values(runtimeReload), false),
  backup_request: () => fieldTable(backupRequestFields),
  commands: () => fieldTable(customCommandFields),
  tls: () => fieldTable(tlsFields),
  backend_tls: () => fieldTable(backendTlsFields),
  users: () => fieldTable(userFields),
  rate_limit: () => fieldTable(rateLimitFields),
};

/**
 * The page with what the code says in it.
 *
 * @param page The page as it is.
 * @param sentences Those of its sentences that have numbers of the code; all of them if left out.
 * @throws {Error} That names what the page lacks.
 */
export function renderConfigurationDocument(page: string, sentences?: readonly Sentence[]): string {
  let text = page;
  for (const [name, render] of Object.entries(parts)) {
    const [start, end] = [`<!-- ${name}: made by deno task docs -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) {
      throw new Error(`Cannot write ${CONFIGURATION_DOCUMENT}: expected ${start} and then ${end}`);
    }
    text = `${text.slice(0, from + start.length)}\n\n${render()}\n${text.slice(to)}`;
  }
  return writeNumbers(text, sentences);
}

function keyTable(rows: KeyRows, reloads: readonly ReloadRow[], hasScopes: boolean): string {
  const cells = Object.entries(rows).map(([key, row]) => [
    `\`${key}\``,
    typeText(row),
    defaultText(row),
    acceptedText(row),
    ...hasScopes ? [row.scope] : [],
    row.meaning + reloadNote(key, row, reloads),
  ]);
  const scopeHead = hasScopes ? ["For"] : [];
  return table([["Key", "Type", "Default", "Accepted", ...scopeHead, "Meaning"], ...cells]);
}

function fieldTable(rows: FieldRows): string {
  return table([
    ["Key", "Default", "Accepted", "Meaning"],
    ...Object.entries(rows).map(([key, row]) => [
      `\`${key}\``,
      row.default ?? "required",
      row.accepted,
      row.meaning,
    ]),
  ]);
}

function typeText({ type, unit, isSecret }: Row): string {
  return [type, ...unit === null ? [] : [unit], ...isSecret ? ["secret"] : []].join(", ");
}

function defaultText(row: Row): string {
  if (row.isRequired) return "required";
  const { default: value, otherDefault } = row;
  if (value === null) return otherDefault ?? "none";
  const text = typeof value === "string"
    ? `\`${value}\``
    : row.unit === "bytes"
    ? byteText(Number(value))
    : String(value);
  return otherDefault === undefined ? text : `${otherDefault}, else ${text}`;
}

/** A number of bytes, and what that is in the largest unit of which it is a multiple. */
function byteText(byteCount: number): string {
  const units = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const;
  const unit = units.find(([, size]) => byteCount > 0 && byteCount % size === 0);
  return unit === undefined ? `${byteCount}` : `${byteCount} (${byteCount / unit[1]} ${unit[0]})`;
}

/** What messages say after "expected", with what is to be written in the file set as code. */
function acceptedText({ type, bounds, expected }: Row): string {
  if (bounds !== null && type === "integer") return `${bounds[0]} to ${bounds[1]}`;
  const text = expected.replace(
    /"([^"]*)"|\{.*\}|\[[^\]]*\]|\b(?:true|false)\b/g,
    (code, quoted?: string) => `\`${quoted ?? code}\``,
  );
  const range = bounds === null ? "" : `${bounds[0]} to ${bounds[1]}`;
  if (text.includes(range)) return text;
  return `${text}; ${type.includes("strings") ? `${range} entries` : `a number from ${range}`}`;
}

/** When another value takes effect, where that is not at once. A column of it would leave the meaning no room. */
function reloadNote(key: string, row: Row, reloads: readonly ReloadRow[]): string {
  if (row.reloadsWith !== undefined) return ` _Reload: as \`${row.reloadsWith}\`._`;
  const found = reloads.filter((reload) => reload.key === key);
  if (found.length === 0) {
    throw new Error(
      `Cannot say when "${key}" takes effect: expected a row in src/config/reload.ts`,
    );
  }
  if (found.every(({ applies }) => applies === "live")) return "";
  const texts = found.map(({ applies, part }) =>
    part === undefined ? reloadTexts[applies] : `${part} ${reloadTexts[applies]}`
  );
  return ` _Reload: ${texts.join(", ")}._`;
}

function scopeTable(): string {
  const scopes = [...new Set(Object.values<Row>(clusterKeys).map(({ scope }) => scope))];
  const typesOf = (scope: Scope) =>
    Object.entries(clusterTypes).filter(([, type]) => scopesOf(type).includes(scope))
      .map(([name]) => `\`${name}\``);
  return table([
    ["For", "`cache_type`"],
    ...scopes.map((scope) => [scope, scope === "all" ? "any" : typesOf(scope).join(", ")]),
  ]);
}

function flagTable(): string {
  const rows = Object.entries<FlagRow>({ ...valueFlags, ...switchFlags });
  return table([
    ["Flag", "Meaning"],
    ...rows.map(([name, { letter, value, meaning }]) => {
      const forms = [...letter === null ? [] : [`-${letter}`], `--${name}`]
        .map((form) => value === null ? `\`${form}\`` : `\`${form} ${value}\``);
      // The file needs no flag.
      if (name === "config") forms.unshift(`\`${value}\``);
      return [forms.join(", "), meaning];
    }),
  ]);
}

/** A table in whose cells `|` stands for itself. */
function table(cells: readonly (readonly string[])[]): string {
  return alignColumns(cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|"))));
}

if (import.meta.main) {
  const url = new URL(`../${CONFIGURATION_DOCUMENT}`, import.meta.url);
  await Deno.writeTextFile(url, renderConfigurationDocument(await Deno.readTextFile(url)));
}
