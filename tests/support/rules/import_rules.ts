/**
 * Who may import whom in `src/`: the table of docs/architecture.md as data, and the checks that read it.
 * Every arrow points down; what a unit may not import it gets handed in.
 *
 * @module
 */
import { type Import, importsOf, type SourceFile } from "./repository.ts";

/** Leaves that every unit but `hash` and `bytes` may import. */
const OPEN_TO_ALL = [
  "failure",
  "invariant",
  "clock",
  "endpoint",
  "member_list",
  "observe",
  "config/config",
  "version",
];

/** Units that import nothing, not even those open to all. */
const PURE_UNITS = new Set(["hash", "bytes"]);

/** From unit to the units that it may import besides itself and those open to all. */
const ALLOWED: Record<string, readonly string[]> = {
  entry: ["cli", "embed", "supervisor"],
  cli: ["config", "import", "supervisor", "hash", "router", "permissions", "top", "deps"],
  embed: ["config", "supervisor"],
  import: ["deps"],
  top: [],
  permissions: ["config", "supervisor/file_watch", "supervisor/state_file"],
  version: [],
  // Whether the engine that was asked for can run is found out before any worker starts.
  // The share of keys that a reload moves is told from rings.
  supervisor: [
    ...[
      "config",
      "worker/messages",
      "net/epoll/libc",
      "net/epoll/libssl",
      "net/tls",
      "net/ip_address",
      "hash",
    ],
    // Sockets come from other processes before any worker starts.
    ...["net/epoll/system", "net/epoll/name_lookup", "net/epoll/descriptor_channel"],
    ...["net/epoll/descriptor_book", "net/epoll/thread_remains", "net/deno/deno_channel"],
    // So do those of files, which all workers share.
    ...["net/epoll/unix_listen", "net/epoll/socket_endpoint", "net/deno/unix_listen"],
    "net/deno/unix_trial",
    // Servers have one number in all workers.
    ...["router/moved_share", "router/server_numbers", "deps"],
  ],
  worker: [
    "worker/messages",
    "cluster",
    "net",
    "config/reload",
    "backend/server_orders",
    "backend/dial_pace",
  ],
  "worker/messages": [],
  cluster: [
    ...["session", "redis", "memcached", "router", "backend", "request", "protocol/resp"],
    ...["protocol/memcache", "protocol", "hash", "net", "bytes", "worker/messages"],
  ],
  // CLUSTER KEYSLOT is answered here, so the slot's hash is needed.
  redis: [
    ...[
      "session/stages",
      "session/judging_stage",
      "protocol/resp",
      "protocol",
      "router/router",
      "router/common_place",
    ],
    ...["backend", "worker/messages"],
    ...["request", "bytes", "hash", "net/turn_budget", "net/ip_address"],
  ],
  memcached: [
    ...[
      "session/stages",
      "session/judging_stage",
      "protocol/memcache",
      "protocol",
      "router/router",
      "backend",
    ],
    // Who may be judged when is the same whatever clients speak.
    ...[
      "request",
      "bytes",
      "redis/login/accounts",
      "redis/login/turns",
      "redis/access/key_patterns",
      "redis/core/peers",
    ],
  ],
  session: [
    "router/router",
    "router/common_place",
    "backend",
    "request",
    "protocol",
    "net",
    "bytes",
  ],
  router: ["backend", "request", "protocol", "hash", "worker/messages"],
  backend: ["request", "protocol", "net", "bytes"],
  request: ["protocol", "bytes"],
  // The shape of a slot map, which CLUSTER SLOTS is read into and written from, and how many slots there are.
  "protocol/resp": ["protocol", "bytes", "hash", "worker/messages"],
  "protocol/memcache": ["protocol", "bytes"],
  protocol: ["bytes"],
  net: ["bytes"],
  // Where the file and a connection speak of the same address.
  config: [
    "hash",
    "net/ip_address",
    "protocol/command_table",
    // What rules for users can speak of.
    ...["protocol/command_rules", "protocol/resp/commands/ruled", "protocol/memcache/ruled"],
    "protocol/resp/commands/custom",
    "deps",
  ],
  hash: [],
  bytes: [],
  failure: [],
  endpoint: [],
  member_list: [],
  clock: [],
  observe: [],
  "config/config": [],
};

/** Files of one folder that are alternatives to each other: neither may know the other. */
const SIBLINGS: readonly (readonly [RegExp, RegExp])[] = [
  [/^src\/router\/ring(_|\.)/, /^src\/router\/slot_/],
  [/^src\/net\/deno\//, /^src\/net\/epoll\//],
  [/^src\/cluster\/(redis|ring_topology|memcache)\.ts$/, /^src\/cluster\/(redis_cluster|slot_)/],
];

/** Modules of the runtime, and the units that may have them; pure code has but the one with md5 in it. */
const BUILT_IN: readonly (readonly [string, readonly string[]])[] = [
  ["node:crypto", ["hash", "config"]],
  ["node:inspector", ["supervisor"]],
  ["node:process", ["supervisor", "net"]],
  ["node:net", ["net"]],
  ["node:tls", ["net"]],
];

/** Files that may import the bare names of deno.json. */
const EXTERNAL_DOORS = new Set(["deps.ts", "tests/deps.ts"]);

/** The unit that a file belongs to: its folder, or itself where the table names it. */
export function unitOf(path: string): string {
  if (path === "mod.ts") return "entry";
  const inner = path.replace(/^src\//, "").replace(/\.ts$/, "");
  if (inner in ALLOWED) return inner;
  if (/^cli(_|$)/.test(inner)) return "cli";
  const parts = inner.split("/");
  if (parts.length > 2 && parts[0] === "protocol") return `protocol/${parts[1]}`;
  return parts[0]!;
}

/** Every breach of the table, one line each. */
export function findForbiddenImports(files: readonly SourceFile[]): string[] {
  const breaches: string[] = [];
  for (const file of files) {
    for (const imported of importsOf(file)) {
      const reason = whyForbidden(file.path, imported);
      if (reason !== null) breaches.push(`${file.path} imports "${imported.specifier}": ${reason}`);
    }
  }
  return breaches;
}

function whyForbidden(path: string, imported: Import): string | null {
  if (!imported.specifier.startsWith(".")) return whyForbiddenOutside(path, imported.specifier);
  if (!/^(src\/|mod\.ts$)/.test(path)) return null;
  const unit = unitOf(path);
  const target = unitOf(imported.target);
  if (!(unit in ALLOWED)) return `"${unit}" is not in the table of units`;
  if (SIBLINGS.some((pair) => areSiblings(pair, path, imported.target))) {
    return "siblings know nothing of each other";
  }
  if (target === unit || (OPEN_TO_ALL.includes(target) && !PURE_UNITS.has(unit))) return null;
  const exact = imported.target.replace(/^src\//, "").replace(/\.ts$/, "");
  const allowed = ALLOWED[unit]!;
  if (allowed.includes(target) || allowed.includes(exact)) return null;
  if (unit === "version" && imported.target === "deno.json") return null;
  if (exact.startsWith(`${unit}/`)) return null;
  return `${unit} may not import ${target}`;
}

function areSiblings(pair: readonly [RegExp, RegExp], one: string, other: string): boolean {
  return (pair[0].test(one) && pair[1].test(other)) || (pair[1].test(one) && pair[0].test(other));
}

function whyForbiddenOutside(path: string, specifier: string): string | null {
  if (!specifier.startsWith("node:")) {
    return EXTERNAL_DOORS.has(path) ? null : "only deps.ts and tests/deps.ts import external code";
  }
  if (!path.startsWith("src/")) return null;
  const units = BUILT_IN.find(([name]) => name === specifier)?.[1] ?? [];
  if (units.includes(unitOf(path))) return null;
  return `${unitOf(path)} may not use this built-in module`;
}

/**
 * Every cycle of imports among `files`, one line each. Types are left out: within a folder two files may know
 * each other's types, and between folders the table has no cycle.
 */
export function findImportCycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, runningImportsOf(file)]));
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(" → "));
    if (at >= 0 || finished.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return cycles;
}

function runningImportsOf(file: SourceFile): string[] {
  return importsOf(file).filter((one) => !one.isTypeOnly).map((one) => one.target);
}

/**
 * All files that run when `entry` does: its imports and theirs, those of types left out.
 *
 * @returns From path (or external specifier) to the file that imports it.
 */
export function reachableFrom(entry: string, files: readonly SourceFile[]): Map<string, string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Map([[entry, ""]]);
  for (const path of reached.keys()) {
    const file = byPath.get(path);
    if (file === undefined) continue;
    for (const target of runningImportsOf(file)) {
      if (!reached.has(target)) reached.set(target, path);
    }
  }
  return reached;
}
