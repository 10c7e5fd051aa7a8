/**
 * What `/status` says as plain tables: the dashboard without JavaScript, and until it has begun.
 *
 * @module
 */
import { type Html, html } from "./html.ts";

/** The parts of `/status` that the tables show. */
export interface StatusView {
  readonly version: string;
  readonly ready: boolean;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly problems: readonly { readonly text: string }[];
  readonly workers: readonly WorkerView[];
  readonly clusters: readonly ClusterView[];
}

/** A worker. */
export interface WorkerView {
  readonly number: number;
  readonly isListening: boolean;
  readonly hasAnswered: boolean;
  readonly restarts: number;
}

/** A cluster. */
export interface ClusterView {
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly clientsConnected: number;
  readonly requests: number;
  readonly errorReplies: number;
  readonly servers: readonly ServerView[];
  readonly backends: readonly BackendView[];
}

/** A server of a ring as the configuration and operators have it. */
export interface ServerView {
  readonly address: string;
  readonly alias: string | null;
  readonly weight: number;
  readonly state: string;
}

/** A backend as the workers see it. */
export interface BackendView {
  readonly address: string;
  readonly isHealthy: boolean;
  readonly requests: number;
  readonly failures: number;
  readonly inFlight: number;
  readonly queuedBytes: number;
}

/** The tables of all clusters and of the workers. */
export function statusTables(status: StatusView): Html {
  return html`
    <p>aster ${status.version}, ${status.ready ? "ready" : "not ready"}, since ${status
      .startedAt}</p>
    ${problemList(status.problems)}
    ${status.clusters.map(clusterTable)}
    <h2>Workers</h2>
    <table>
      <thead>
        <tr>
          <th>worker</th>
          <th>state</th>
          <th>replaced</th>
        </tr>
      </thead>
      <tbody>${status.workers.map((worker) =>
        html`
          <tr>
            <td>${worker.number}</td>
            <td>${workerState(worker)}</td>
            <td>${worker.restarts}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function problemList(problems: StatusView["problems"]): Html {
  if (problems.length === 0) return html`<p class="verdict is-good">Nothing is wrong.</p>`;
  return html`<ul class="verdict is-bad">${
    problems.map(({ text }) => html`<li>${text}</li>`)
  }</ul>`;
}

function workerState({ isListening, hasAnswered }: WorkerView): string {
  if (!isListening) return "not listening";
  return hasAnswered ? "serves" : "silent";
}

function clusterTable(cluster: ClusterView): Html {
  const { name, type, address, clientsConnected, requests, errorReplies } = cluster;
  const servers = new Map(cluster.servers.map((one) => [one.address, one]));
  return html`
    <h2>${name}</h2>
    <p>${type} on ${address}: ${clientsConnected} clients, ${requests} requests, ${errorReplies} error replies</p>
    <table>
      <thead>
        <tr>
          <th>server</th>
          <th>address</th>
          <th>state</th>
          <th>requests</th>
          <th>failures</th>
          <th>in flight</th>
          <th>queued bytes</th>
        </tr>
      </thead>
      <tbody>${cluster.backends.map((backend) =>
        backendRow(backend, servers.get(backend.address))
      )}</tbody>
    </table>
  `;
}

function backendRow(backend: BackendView, server: ServerView | undefined): Html {
  const { address, isHealthy, requests, failures, inFlight, queuedBytes } = backend;
  const state = backendState(isHealthy, server?.state);
  return html`
    <tr>
      <td>${server?.alias ?? address}</td>
      <td>${address}</td>
      <td>${state}</td>
      <td>${requests}</td>
      <td>${failures}</td>
      <td>${inFlight}</td>
      <td>${queuedBytes}</td>
    </tr>
  `;
}

/** What an operator has ordered goes before what the workers see. */
function backendState(isHealthy: boolean, ordered = "ready"): string {
  if (ordered !== "ready") return ordered;
  return isHealthy ? "up" : "down";
}
