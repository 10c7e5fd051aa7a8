/**
 * A whole proxy from its configuration: the addresses tried, the workers started, the admin server open.
 *
 * @module
 */
import type { ClusterConfig, Config, IoChoice, RuntimeConfig } from "../config/config.ts";
import { compareConfigs } from "../config/reload.ts";
import { readSecret } from "../config/secret_source.ts";
import { type AdvertisedAddress, formatEndpoint, listenEndpoints } from "../endpoint.ts";
import { openAuditLog } from "./audit_log.ts";
import { AdminAccess } from "./admin_access.ts";
import type { ReloadSource } from "./admin_actions.ts";
import { AdminPages, AdminServer } from "./admin_server.ts";
import { readDescriptorUse } from "./descriptor_limit.ts";
import { readFreshCertificates, type RenewedCertificates } from "./fresh_certificates.ts";
import type { LogOutput } from "./log_output.ts";
import { StateFile } from "./state_file.ts";
import { describeDifference } from "./reloader.ts";
import { changedSettings, changeSettings, findSettings } from "./settings.ts";
import { StartError } from "./start_error.ts";
import { Supervisor } from "./supervisor.ts";
import { type BindTarget, describeBindFailure, isTaken, tryBindAll } from "./trial_bind.ts";
import { createUnixSockets } from "./unix_sockets.ts";
import type { InspectTopic } from "../worker/messages.ts";
import type { WorkerPort } from "./worker_handle.ts";
import { processActivation } from "./takeover/activation.ts";
import { Takeover } from "./takeover/takeover.ts";
import { createRemains } from "./worker_remains.ts";
import { mayServe, workerPermissions } from "./worker_permissions.ts";

/** How to run a configuration. */
export interface ProxyOptions {
  config: Config;
  io: IoChoice;
  output: LogOutput;
  /** What cluster-aware clients are told where nothing nearer is known. */
  advertisedAddress: AdvertisedAddress;
  /**
   * Whether this is the process's own proxy. Then listeners share their port and workers have the least
   * permissions; both need unstable features that an embedding program may not have switched on, and where
   * they are off Deno ends the process.
   */
  isStandalone: boolean;
  /** Another proxy still listens on these addresses and is about to leave them. */
  isTakeover: boolean;
  /** Writes a line to standard error, for an audit log that goes there. */
  writeLine?: (line: string) => void;
}

/** A proxy that serves. */
export interface RunningProxy {
  /** Address of the admin server, or null when it is off. */
  readonly adminAddress: string | null;
  /** The configuration in force. */
  readonly config: Config;
  /**
   * Goes over to another checked configuration; clients stay connected. Of `[runtime]` only what can change while it
   * runs does.
   *
   * @returns What could not be done, one sentence each.
   * @throws {StartError} If an address is taken; nothing has changed then.
   */
  reconfigure(config: Config): Promise<readonly string[]>;
  /** Settles when another process has taken this one's place, which is to drain then; never, if none does. */
  readonly succeeded: Promise<{ readonly pid: number }>;
  /**
   * Goes over to the certificates that stand in their files now; nothing else changes, and clients stay connected.
   *
   * @param read Returns the text of a file.
   * @throws {StartError} If the proxy is about to end.
   */
  renewCertificates(read: (path: string) => string): Promise<RenewedCertificates>;
  /** Says how the admin server is to have the configuration read again; until then it refuses. */
  reloadBy(reloader: ReloadSource): void;
  /** Returns what is counted so far as Prometheus text. */
  metrics(): Promise<string>;
  /** Returns what `/status` of the admin server shows: workers, clusters, servers and their states, as JSON would have it. */
  status(): Promise<Record<string, unknown>>;
  /**
   * Says that it is not ready, stops accepting after `drain_delay`, lets the clients leave, and stops; all within
   * `drain_delay` and `shutdown_timeout` of the configuration.
   */
  drain(): Promise<void>;
  /** Closes every listener and connection, within a few seconds. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy and waits until it serves.
 *
 * @param signal Aborted to give up while starting.
 * @throws {StartError} If it cannot run; nothing is left open.
 */
export async function startProxy(
  options: ProxyOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<RunningProxy> {
  const { io, output, advertisedAddress, isStandalone, isTakeover } = options;
  const asServed = (config: Config) => isStandalone ? config : onOneWorker(config);
  let config = asServed(options.config);
  /** What the file says, whatever was changed since. */
  let fileConfig = config;
  const sharesPort = isStandalone && Deno.build.os === "linux";
  const adminToken = readAdminToken(config);
  const { writeLine = (line) => console.error(line.trimEnd()) } = options;
  const audit = openAuditLog(config.runtime.auditLog, writeLine, output.log);
  const takeover = isStandalone
    ? await Takeover.begin({
      config,
      io,
      isTakeover,
      activation: processActivation,
      log: output.log,
    })
    : null;
  const unix = createUnixSockets(io, isTakeover, takeover?.sockets ?? null);
  const isOpen = ({ endpoint }: BindTarget) => takeover?.has(endpoint) ?? false;
  try {
    const targets = bindTargets(config).filter((target) => !isOpen(target));
    if (!isTakeover) await tryBindAll(targets, (endpoint) => unix.fault(endpoint));
    await unix.open(config.clusters);
  } catch (error) {
    takeover?.giveUp();
    await audit?.close();
    throw error;
  }
  logClusters(config, output);
  /** Until everything runs nothing is changed. */
  const settings = {
    change: (_changes: readonly [string, string][]): Promise<string | null> =>
      Promise.resolve("the proxy is starting"),
  };
  const sockets = unix.source ?? takeover?.sockets ?? null;
  const supervisor = new Supervisor({
    config,
    async answerSettings(asked) {
      if (asked.kind === "get") {
        return { settings: findSettings(config, asked.patterns), problem: null };
      }
      return { settings: [], problem: await changeOrSay(settings.change, asked.changes) };
    },
    io,
    output,
    advertisedAddress,
    sharesPort,
    isTakeover,
    remains: createRemains(io, output.log),
    ...sockets === null ? {} : { sockets },
    audit,
    createWorker: (clusters) => createWorker(clusters, config, io, isStandalone),
    mayServe: (granted, clusters) =>
      !isStandalone || mayServe(granted, clusters, config.runtime.network, io),
  });
  const giveUp = () => supervisor.stop();
  try {
    await openStateFile(config, supervisor, output);
    signal.addEventListener("abort", giveUp, { once: true });
    await supervisor.start();
    const problems = unix.place(config.clusters);
    if (problems.length > 0) throw new StartError(...problems);
  } catch (error) {
    await supervisor.stop();
    takeover?.giveUp();
    unix.keepOnly([]);
    throw error;
  }
  // From here on whoever aborts says how it is to end.
  signal.removeEventListener("abort", giveUp);
  /** Changes come one after the other, whoever asks for them. */
  let lastChange: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = lastChange.then(work);
    lastChange = result.catch(() => {});
    return result;
  };
  const goOver = async (wanted: Config): Promise<string[]> => {
    if (!supervisor.isReady) throw new StartError("The proxy is about to end");
    const next = asServed({ ...wanted, runtime: keepFixed(config.runtime, wanted.runtime) });
    const known = new Set(config.clusters.flatMap(listenEndpoints).map(formatEndpoint));
    // The others are bound, by this very process.
    const others = bindTargets(next).filter(({ endpoint }) =>
      endpoint !== next.runtime.metrics && !known.has(formatEndpoint(endpoint))
    );
    await tryBindAll(others, (endpoint) => unix.fault(endpoint));
    await unix.open(next.clusters);
    // It may have been told to end meanwhile: workers that leave are not to listen anew.
    if (!supervisor.isReady) throw new StartError("The proxy is about to end");
    for (const text of describeDifference(compareConfigs(config, next))) {
      supervisor.changes.add("", text);
    }
    config = next;
    output.setLevel(next.runtime.logLevel);
    const { drainTimeoutMs } = next.runtime;
    const retireTimeoutMs = drainTimeoutMs === 0 ? Infinity : drainTimeoutMs;
    const problems = await supervisor.reconfigure(next, retireTimeoutMs);
    problems.push(...unix.place(next.clusters));
    unix.keepOnly(next.clusters);
    takeover?.sockets?.keepOnly(next.clusters);
    supervisor.limitClients(readDescriptorUse());
    // Behind all that others wait for: handshakes of TLS may be under way where nothing is to listen any more.
    await supervisor.freed();
    return problems;
  };
  settings.change = (changes) =>
    inTurn(async () => {
      const { config: next, problem } = changeSettings(config, changes);
      if (problem !== null) return problem;
      const problems = await goOver(next);
      output.log.info("Settings are changed by a client", {
        settings: changes.map(([name, value]) => `${name} = ${value}`).join("; "),
      });
      return problems.length === 0 ? null : problems.join("; ");
    });
  const clientsMax = supervisor.limitClients(readDescriptorUse());
  const source = {
    get config() {
      return config;
    },
    collect: () => supervisor.collect(),
    changes: () => supervisor.changes.entries(),
    slotsOf: (name: string) => supervisor.slotsOf(name),
    changedSettings: () => changedSettings(asServed(fileConfig), config),
    inspect: (topic: InspectTopic) => supervisor.inspect(topic),
    orders: supervisor.orders,
    reloader: null as ReloadSource | null,
    async serversOf(name: string) {
      const { clusters } = await supervisor.collect();
      const known = clusters.find(({ cluster }) => cluster === name);
      return known?.backends.map(({ address }) => address) ?? [];
    },
    get isReady() {
      return supervisor.isReady;
    },
    get heirPid() {
      return takeover?.heirPid ?? 0;
    },
  };
  supervisor.orders.isFormerServing = () => takeover?.isFormerServing ?? false;
  await takeover?.takeOver();
  const pages = new AdminPages(source, output.log);
  const admin = await openAdmin({
    ...{ config, adminToken, sharesPort, isTakeover, pages, supervisor, output },
  });
  takeover?.receive({
    get isReady() {
      return supervisor.isReady;
    },
    get hindrance() {
      return supervisor.orders.hindrance;
    },
    get config() {
      return config;
    },
    share: () => supervisor.share(),
    async leave() {
      supervisor.leave();
      await admin?.close();
    },
  });
  output.log.info("aster is ready", {
    io: io.engine,
    admin: admin?.address ?? "off",
    clientsMax: clientsMax ?? "unknown",
  });
  const findTakenOver = async () => {
    const { clusters } = config;
    const heir = takeover?.heir ?? null;
    // Whoever holds these opens them again for the next process.
    takeover?.sockets?.close();
    unix.keepOnly([]);
    const isServed = ({ listen }: ClusterConfig) => {
      if (listen.kind === "unix") return unix.isServed(listen);
      // Another process may share the ports only where this one lets it.
      if (!sharesPort) return false;
      return heir === null ? isTaken(listen) : heir.listeners.has(formatEndpoint(listen));
    };
    const found = await Promise.all(clusters.map(isServed));
    const taken = clusters.filter((_, index) => found[index]);
    // It answers for itself from now on: two behind one port would answer at random.
    if (taken.length > 0) await admin?.close();
    return taken.map(({ name }) => name);
  };
  const stop = async () => {
    takeover?.close();
    await supervisor.stop();
    takeover?.end();
    unix.keepOnly([]);
    await admin?.close();
    await audit?.close();
    output.flush();
  };
  return {
    get config() {
      return config;
    },
    reconfigure(wanted) {
      return inTurn(async () => {
        const problems = await goOver(wanted);
        fileConfig = wanted;
        return problems;
      });
    },
    renewCertificates(read) {
      return inTurn(async () => {
        const { config: next, changed, problems } = readFreshCertificates(config, read);
        if (changed.length === 0) return { changed, problems };
        const others = await goOver(next);
        fileConfig = readFreshCertificates(fileConfig, read).config;
        return { changed, problems: [...problems, ...others] };
      });
    },
    succeeded: takeover?.succeeded ?? new Promise(() => {}),
    adminAddress: admin?.address ?? null,
    reloadBy(reloader) {
      source.reloader = reloader;
    },
    metrics: () => pages.metricsText(),
    status: () => pages.status(),
    async drain() {
      const { drainDelayMs, drainIdleMs, shutdownTimeoutMs } = config.runtime;
      supervisor.leave();
      takeover?.close();
      const heir = takeover?.heir ?? null;
      // Whoever is to notice that this process ends needs not, where another one is there.
      if (heir === null) await delay(drainDelayMs);
      if (shutdownTimeoutMs > 0 || heir !== null) {
        const times = { idleMs: drainIdleMs, timeoutMs: shutdownTimeoutMs };
        await supervisor.drain(times, heir?.handedOver ?? [], findTakenOver);
      }
      await stop();
    },
    stop,
  };
}

/** Why settings could not be changed, or null. */
async function changeOrSay(
  change: (changes: readonly [string, string][]) => Promise<string | null>,
  changes: readonly [string, string][],
): Promise<string | null> {
  try {
    return await change(changes);
  } catch (error) {
    if (error instanceof StartError) return error.reasons.join("; ");
    throw error;
  }
}

/** What of `[runtime]` can only be chosen at the start stays as it was. */
function keepFixed(former: RuntimeConfig, next: RuntimeConfig): RuntimeConfig {
  const { network, io, metrics, adminToken, adminTls, stateFile, takeoverSocket } = former;
  const { logFormat, logOutput, auditLog } = former;
  const fixed = { network, io, metrics, adminToken, adminTls, stateFile, takeoverSocket };
  return { ...next, ...fixed, logFormat, logOutput, auditLog };
}

function delay(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Returns the lines that tell what a configuration runs, one for each cluster. */
export function describeClusters(config: Config): Record<string, string | number>[] {
  return config.clusters.map((cluster) => ({
    cluster: cluster.name,
    type: cluster.type,
    address: formatEndpoint(cluster.listen),
    ...describeTls(cluster),
    threads: cluster.thread,
    backends: cluster.servers.length,
    servers: describeServers(cluster),
  }));
}

/** Where TLS is spoken, as far as it is. */
function describeTls({ listen, tls, certificates, backendTls, servers }: ClusterConfig) {
  const words: Record<string, string> = {};
  if (tls !== null) words.tls = formatEndpoint(tls.listen ?? listen);
  if (tls !== null && certificates?.clientCa) words.clients = "with certificates";
  if (backendTls !== null) {
    const hasUnix = servers.some(({ endpoint }) => endpoint.kind === "unix");
    words.backendTls = (backendTls.isInsecure ? "insecure" : "verified") +
      (hasUnix ? ", but for unix sockets" : "");
  }
  return words;
}

function describeServers({ servers }: ClusterConfig): string {
  return servers.map(({ address, alias }) => alias === null ? address : `${alias}@${address}`)
    .join(",");
}

function logClusters(config: Config, output: LogOutput): void {
  for (const line of describeClusters(config)) output.log.info("Cluster starts", line);
}

/** Without shared ports there is one listener for each address, and so one worker. */
function onOneWorker(config: Config): Config {
  return { ...config, clusters: config.clusters.map((cluster) => ({ ...cluster, thread: 1 })) };
}

function bindTargets(config: Config): BindTarget[] {
  const targets: BindTarget[] = config.clusters.flatMap((cluster) =>
    listenEndpoints(cluster).map((endpoint) => ({ endpoint, owner: `cluster "${cluster.name}"` }))
  );
  const admin = config.runtime.metrics;
  if (admin !== null) targets.push({ endpoint: admin, owner: "the admin server" });
  return targets;
}

function createWorker(
  clusters: readonly ClusterConfig[],
  config: Config,
  io: IoChoice,
  isStandalone: boolean,
): WorkerPort {
  const url = new URL("../worker/thread_entry.ts", import.meta.url);
  const options = { type: "module", name: "aster" } as const;
  if (!isStandalone) return new Worker(url, options);
  const permissions = workerPermissions(clusters, config.runtime.network, io);
  return new Worker(url, { ...options, deno: { permissions } });
}

/** Read before rights are given up; a token that cannot be had must not leave the server open. */
function readAdminToken({ runtime: { adminToken } }: Config): string | null {
  if (adminToken === null) return null;
  const { value, fault } = readSecret(adminToken);
  if (fault !== null) throw new StartError(`Cannot read admin_token: ${fault}`);
  return value;
}

/** Takes up the states of servers that an earlier process has kept, and keeps them from now on. */
async function openStateFile(
  config: Config,
  { orders }: Supervisor,
  { log }: LogOutput,
): Promise<void> {
  const { stateFile: path } = config.runtime;
  if (path === null) return;
  const file = new StateFile(path, log);
  const settings = file.read();
  orders.restore(settings ?? [], config, (changed) => file.write(changed));
  // Whoever may not write there is to know before it is needed. What could not be read is left as it is.
  if (settings !== null) await file.write(settings);
}

interface AdminParts {
  config: Config;
  adminToken: string | null;
  sharesPort: boolean;
  isTakeover: boolean;
  pages: AdminPages;
  supervisor: Supervisor;
  output: LogOutput;
}

async function openAdmin(
  { config, adminToken, sharesPort, isTakeover, pages, supervisor, output }: AdminParts,
): Promise<AdminServer | null> {
  const address = config.runtime.metrics;
  if (address === null) return null;
  try {
    const { adminTls } = config.runtime;
    const access = new AdminAccess(address, adminToken, adminTls !== null);
    const tls = adminTls === null ? null : { cert: adminTls.cert.pem, key: adminTls.key.pem };
    return new AdminServer(address, sharesPort, pages, access, output.log, isTakeover, tls);
  } catch (error) {
    if (isTakeover) {
      // The former process may have left already: nobody would serve.
      output.log.error("Admin server cannot listen", {
        reason: describeBindFailure(address, "the admin server", error),
      });
      return null;
    }
    await supervisor.stop();
    throw new StartError(describeBindFailure(address, "the admin server", error));
  }
}
