/**
 * The supervisor over workers that misbehave, with its privileges given up as the proxy does it. Arguments: the
 * cluster's port, the admin server's, the file of the workers (if left out they die of each connection), and their
 * number (1). The cluster's server is at the port behind its own.
 *
 * @module
 */
import type { InspectTopic } from "../../src/worker/messages.ts";
import type { Config } from "../../src/config/config.ts";
import { tcpEndpoint } from "../../src/endpoint.ts";
import { AdminAccess } from "../../src/supervisor/admin_access.ts";
import { AdminPages, AdminServer } from "../../src/supervisor/admin_server.ts";
import { openLogOutput } from "../../src/supervisor/log_output.ts";
import { LogWriter } from "../../src/supervisor/log_writer.ts";
import { giveUpPrivileges } from "../../src/supervisor/privileges.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { createRemains } from "../../src/supervisor/worker_remains.ts";
import { workerPermissions } from "../../src/supervisor/worker_permissions.ts";
import { testIoChoice } from "../support/tools/test_engine.ts";
import { clusterConfig } from "../unit/supervisor/cluster_configs.ts";

const [port, adminPort] = Deno.args.slice(0, 2).map(Number);
const workerFile = Deno.args[2] ?? "crashing_worker.ts";
const thread = Number(Deno.args[3] ?? 1);
const io = testIoChoice();
const config: Config = {
  file: "none",
  runtime: {
    network: "config",
    zone: "",
    io: io.engine,
    metrics: null,
    adminTls: null,
    adminToken: null,
    stateFile: null,
    takeoverSocket: null,
    logLevel: "info",
    logFormat: "text",
    logOutput: "stderr",
    auditLog: null,
    drainDelayMs: 0,
    drainIdleMs: 0,
    shutdownTimeoutMs: 1000,
    drainTimeoutMs: 0,
    maxMemoryBytes: 0,
    reloadMaxMovedPercent: 100,
  },
  clusters: [clusterConfig("main", thread, port!)],
};
const writer = new LogWriter(Deno.stderr);
const output = openLogOutput({
  level: "info",
  format: "text",
  isColored: false,
  writeLine: (line) => writer.write(line),
});
const supervisor = new Supervisor({
  config,
  io,
  output,
  advertisedAddress: { address: "127.0.0.1", isExplicit: true },
  sharesPort: true,
  mayServe: () => true,
  isTakeover: false,
  remains: createRemains(io, output.log),
  audit: null,
  createWorker: (clusters) =>
    new Worker(new URL(workerFile, import.meta.url), {
      type: "module",
      deno: { permissions: workerPermissions(clusters, "config", io) },
    }),
});
await supervisor.start();
const source = {
  config,
  isReady: true,
  collect: () => supervisor.collect(),
  inspect: (topic: InspectTopic) => supervisor.inspect(topic),
  orders: supervisor.orders,
  serversOf: () => Promise.resolve([]),
  reloader: null,
  heirPid: 0,
};
const address = tcpEndpoint("127.0.0.1", adminPort!);
const pages = new AdminPages(source, output.log);
const admin = new AdminServer(address, false, pages, new AdminAccess(address, null), output.log);
giveUpPrivileges(io, false);
Deno.addSignalListener("SIGTERM", async () => {
  await supervisor.stop();
  await admin.close();
  Deno.exit(0);
});
output.log.info("program is ready");
