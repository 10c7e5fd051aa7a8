/**
 * Sub-commands that ask a running proxy: `aster pause`, `resume`, `state`, `reload`, `status`. The answer goes to standard output
 * as it comes; the exit code says whether it was what was asked for.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";
import { parseMetrics } from "./config/runtime.ts";
import { showValue } from "./config/problem.ts";
import { readSecret } from "./config/secret_source.ts";
import { formatEndpoint } from "./endpoint.ts";

/** Longest wait for the proxy's answer, milliseconds: a pause and a resume take some seconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** What a sub-command sends. */
export interface AdminCall {
  readonly method: "GET" | "POST";
  /** Path and parameters. */
  readonly path: string;
  /** `host:port`. */
  readonly address: string;
  readonly token: string | null;
  /** PEM of the CA of its certificate; null: it speaks no TLS. */
  readonly ca: string | null;
}

/** A call, or what is wrong with the command line: one sentence each. */
export type AdminCallResult =
  | { readonly call: AdminCall; readonly errors: [] }
  | { readonly call: null; readonly errors: string[] };

interface Command {
  readonly method: "GET" | "POST";
  /** Names of the parameters that stand without a flag, in their order. */
  readonly words: readonly string[];
  /** Flags with a value, which are parameters of the same name. */
  readonly values: readonly string[];
  /** Flags without a value. */
  readonly switches: readonly string[];
  /** If it is not its name. */
  readonly path?: string;
}

const commands = new Map<string, Command>([
  ["pause", {
    method: "POST",
    words: ["cluster", "server"],
    values: ["cluster", "server", "mode", "max"],
    switches: [],
  }],
  ["resume", {
    method: "POST",
    words: ["cluster", "server"],
    values: ["cluster", "server"],
    switches: [],
  }],
  ["state", {
    method: "POST",
    words: ["cluster", "server", "state"],
    values: ["cluster", "server", "weight"],
    switches: ["force"],
    path: "/server/state",
  }],
  ["reload", { method: "POST", words: [], values: [], switches: ["dry-run", "force"] }],
  ["status", { method: "GET", words: [], values: [], switches: [] }],
]);

/** The part of `--help` about them. */
export const ADMIN_HELP = `Ask a running proxy:

  aster pause [CLUSTER [SERVER]] [--mode write|all] [--max 10s]
                             requests wait until resume or the end of max, at most 300s
  aster resume [CLUSTER [SERVER]]
  aster state CLUSTER SERVER [ready|drain|maint] [--weight N|config] [--force]
  aster reload [--dry-run] [--force]
  aster status
  aster top [--interval SECONDS] [--once [--json]]
                             live: what is wrong, servers, commands, slow requests, keys;
                             --once prints it after one interval and ends, --json for programs

      --admin [HOST:]PORT    its admin server; default: 127.0.0.1:2110
      --token TOKEN          its admin_token, env:NAME or file:PATH
      --ca FILE              it speaks TLS (admin_tls), by a certificate of this CA
`;

/** Whether the first word of the command line is a sub-command. A file of that name is \`./pause\`. */
export function isAdminCommand(word: string | undefined): boolean {
  return word !== undefined && commands.has(word);
}

/** Reads the command line of a sub-command, its name included. */
export function parseAdminCall([name, ...args]: readonly string[]): AdminCallResult {
  const command = commands.get(name!)!;
  const errors: string[] = [];
  const words: string[] = [];
  const valueNames = ["admin", "token", "ca", ...command.values];
  const given = parseArgs(args, {
    string: [...valueNames, "_"],
    boolean: [...command.switches],
    collect: valueNames,
    unknown: (argument: string, key?: string | null) => {
      if (key === undefined || key === null) words.push(argument);
      else errors.push(`unknown flag ${showValue(argument.split("=")[0]!)} of "${name}"`);
      return false;
    },
  }) as unknown as Record<string, string[] | boolean>;
  const parameters = new URLSearchParams();
  const take = (key: string): string | null => {
    const values = given[key] as string[];
    if (values.length > 1) errors.push(`--${key} is given more than once`);
    if (values.includes("")) errors.push(`--${key} needs a value`);
    return values[0] ?? null;
  };
  for (const key of command.values) {
    const value = take(key);
    if (value !== null) parameters.set(key, value);
  }
  words.forEach((word, index) => {
    const key = command.words[index];
    if (key === undefined) errors.push(`${showValue(word)} is one word too many`);
    else if (parameters.has(key)) errors.push(`the ${key} is named twice`);
    else parameters.set(key, word);
  });
  for (const key of command.switches) {
    if (given[key] === true) parameters.set(key.replaceAll("-", "_"), "1");
  }
  const address = readAddress(take("admin") ?? "127.0.0.1:2110", errors);
  const token = readToken(take("token"), errors);
  const ca = readCaFile(take("ca"), errors);
  if (errors.length > 0) return { call: null, errors };
  const query = parameters.size === 0 ? "" : `?${parameters}`;
  return {
    call: {
      method: command.method,
      path: `${command.path ?? `/${name}`}${query}`,
      ...{ address, token, ca },
    },
    errors: [],
  };
}

/** Asks the proxy; returns whether it did what was asked. */
export async function askProxy(
  { method, path, address, token, ca }: AdminCall,
  print: (line: string) => void,
  printError: (line: string) => void,
): Promise<boolean> {
  try {
    const response = await fetchAdmin(address, path, ca, {
      method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = (await response.text()).trimEnd();
    if (response.ok) print(text);
    else printError(text);
    return response.ok;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    printError(`aster: the proxy at ${address} does not answer: ${reason}`);
    return false;
  }
}

/** Asks the admin server, over TLS where its CA is known. */
export async function fetchAdmin(
  address: string,
  path: string,
  ca: string | null,
  init: RequestInit,
): Promise<Response> {
  if (ca === null) return await fetch(`http://${address}${path}`, init);
  const client = Deno.createHttpClient({ caCerts: [ca] });
  const response = await fetch(`https://${address}${path}`, { ...init, client });
  const bytes = await response.bytes();
  client.close();
  return new Response(bytes, response);
}

/** Reads the file of a CA; null: none is named. */
export function readCaFile(path: string | null, errors: string[]): string | null {
  if (path === null || path === "") return null;
  try {
    return Deno.readTextFileSync(path);
  } catch {
    errors.push(`--ca: the file ${path} cannot be read`);
    return null;
  }
}

/** Reads where the admin server is. */
export function readAddress(text: string, errors: string[]): string {
  const { value, fault } = parseMetrics(text);
  if (value !== null && value !== "off") return formatEndpoint(value);
  errors.push(
    `--admin ${showValue(text)}: expected [HOST:]PORT${fault === null ? "" : `: ${fault}`}`,
  );
  return "";
}

/** Reads what the admin server wants to be shown; null: nothing. */
export function readToken(text: string | null, errors: string[]): string | null {
  if (text === null || text === "") return null;
  const { value, fault } = readSecret(text);
  if (fault !== null) errors.push(`--token: ${fault}`);
  return value;
}
