/**
 * The external code the proxy runs on, under the bare names of `deno.json`. Only this file and
 * `tests/deps.ts` import it, so that replacing a library is a change in one place.
 *
 * @module
 */
export { parse as parseToml, stringify as stringifyToml, TomlError } from "smol-toml";
export { parseArgs } from "@std/cli";
export { levenshteinDistance } from "@std/text";
export { parse as parseYaml } from "@std/yaml";
export * as valibot from "valibot";
export {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
} from "@logtape/logtape";
export type { LogRecord as LogTapeRecord } from "@logtape/logtape";
export { Registry } from "prom-client";
/** What the dashboard runs on in the browser, as text: preact with htm, and uPlot. */
export { default as preactSource } from "htm/preact/standalone" with { type: "text" };
export { default as uplotSource } from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
export { default as uplotStyle } from "uplot/dist/uPlot.min.css" with { type: "text" };
