/**
 * The dashboard in the browser: one stream of events, tables and charts of it, and the few orders that an operator may
 * give. Everything that clients and files choose is put in as text.
 */
// Loaded by the page before this file.
const { htmPreact, uPlot } = globalThis;
const { html, render, useEffect, useRef, useState } = htmPreact;

/** How often lists are asked for that do not come with the events, milliseconds. */
const LIST_INTERVAL_MS = 5_000;
const RECONNECT_MS = 1_000;
const CHART_HEIGHT = 110;
/** In line with the server's history. */
const POINTS_MAX = 180;
const SLOT_COUNT = 16_384;
/** Time without a look at sockets for which a worker is marked, milliseconds: from then on it is a problem. */
const BUSY_MS = 200;
/** Requests that are shown of a server as those that take it long. */
const AT_FAULT_SHOWN = 10;

const token = {
  get: () => sessionStorage.getItem("token"),
  set: (value) => sessionStorage.setItem("token", value),
};

function ask(path, options = {}) {
  const headers = token.get() ? { authorization: `Bearer ${token.get()}` } : {};
  return fetch(path, { ...options, headers });
}

/** Calls `heard(name, data)` for each event of one connection; returns when it is over. */
async function listen(heard, signal) {
  const response = await ask("/events", { signal });
  if (!response.ok) {
    heard(response.status === 401 ? "locked" : "refused", await response.text());
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const found = /^event: (\w+)\ndata: (.*)$/s.exec(block);
      if (found !== null) heard(found[1], JSON.parse(found[2]));
    }
  }
}

function wait(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** What is shown: the last status, the one before it, and the history with what came since. */
function useProxy() {
  const [view, setView] = useState({ status: null, former: null, history: null, gone: null });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    const heard = (name, data) => {
      setView((view) => {
        if (name === "history") return { ...view, history: data };
        if (name === "locked" || name === "refused") return { ...view, gone: name };
        const atMs = performance.now();
        const status = { ...data, atMs };
        return { ...view, status, former: view.status, gone: null };
      });
    };
    const keepListening = async () => {
      while (!controller.signal.aborted) {
        try {
          await listen(heard, controller.signal);
        } catch {
          // The proxy ends, or cannot be reached: said below, and tried again.
        }
        if (controller.signal.aborted) return;
        setView((view) => ({ ...view, gone: view.gone ?? "away", former: null }));
        await wait(RECONNECT_MS);
      }
    };
    keepListening();
    return () => controller.abort();
  }, [attempt]);
  return [view, () => setAttempt(attempt + 1)];
}

function byName(list, key) {
  return new Map((list ?? []).map((one) => [one[key], one]));
}

/** What became of a counter since the status before, a second. */
function rate(now, former, field, seconds) {
  if (former === undefined || seconds <= 0) return null;
  return Math.max(0, (now[field] - former[field]) / seconds);
}

/** The reason that was counted most since then; empty where none was. */
function mostFrequent(now, before) {
  if (before === undefined) return "";
  const grown = Object.entries(now).map((
    [reason, count],
  ) => [reason, count - (before[reason] ?? 0)])
    .filter(([, count]) => count > 0);
  return grown.sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

/** Each cluster with its rates, and its backends with theirs. */
function measured(status, former) {
  const seconds = former === null ? 0 : (status.atMs - former.atMs) / 1000;
  const formerClusters = byName(former?.clusters, "name");
  return status.clusters.map((cluster) => {
    const before = formerClusters.get(cluster.name);
    const formerBackends = byName(before?.backends, "address");
    const servers = byName(cluster.servers, "address");
    const failures = Object.entries(cluster.failures ?? {}).map(([reason, count]) => ({
      reason,
      count,
      rate: before === undefined || seconds <= 0
        ? 0
        : (count - (before.failures?.[reason] ?? 0)) / seconds,
    }));
    return {
      ...cluster,
      failures,
      requestRate: rate(cluster, before, "requests", seconds),
      errorRate: rate(cluster, before, "errorReplies", seconds),
      backends: cluster.backends.map((backend) => {
        const server = servers.get(backend.address);
        const was = formerBackends.get(backend.address);
        return {
          ...backend,
          name: server?.alias ?? backend.address,
          ordered: server?.state ?? "ready",
          isInRing: server !== undefined && cluster.type !== "redis_cluster",
          weight: server?.weight ?? null,
          requestRate: rate(backend, was, "requests", seconds),
          failureRate: rate(backend, was, "failures", seconds),
          failure: mostFrequent(backend.failuresByReason, was?.failuresByReason),
          pause: cluster.pauses.find(({ server: paused }) =>
            paused === null || paused === (server?.alias ?? backend.address)
          ),
        };
      }),
    };
  });
}

/** Where to look for what a problem is about, by its kind. */
const problemPlaces = {
  worker: "workers",
  hot_key: "keys",
  big_key: "keys",
  clients: "addresses",
  reload: "changes",
};

/** The part of the page that a problem leads to; null where there is none. */
function placeOf({ kind, cluster, server }) {
  if (problemPlaces[kind] !== undefined) return problemPlaces[kind];
  if (server !== "" && kind !== "pause") return serverPlace(cluster, server);
  return cluster === "" ? null : `cluster-${cluster}`;
}

/** The place of one server's view: links of alerts lead there, too. */
function serverPlace(cluster, server) {
  return `server/${encodeURIComponent(cluster)}/${encodeURIComponent(server)}`;
}

/** The server whose view the address of the page names, by its name or its address; null where it names none. */
function useServerPlace() {
  const read = () => {
    const found = /^#server\/([^/]+)\/([^/]+)$/.exec(location.hash);
    if (found === null) return null;
    try {
      return { cluster: decodeURIComponent(found[1]), server: decodeURIComponent(found[2]) };
    } catch {
      return null;
    }
  };
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const changed = () => setPlace(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}

function number(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 10_000_000) return `${(value / 1_000_000).toFixed(0)} M`;
  if (value >= 100_000) return `${(value / 1_000).toFixed(0)} k`;
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

/** Hours and minutes of a time in seconds. */
function clock(atSeconds) {
  return new Date(atSeconds * 1000).toTimeString().slice(0, 8);
}

function bytes(value) {
  if (value < 1024) return `${value} B`;
  if (value < 1_048_576) return `${(value / 1024).toFixed(0)} KiB`;
  return `${(value / 1_048_576).toFixed(1)} MiB`;
}

function milliseconds(us) {
  return us === null || us === undefined ? "–" : `${(us / 1000).toFixed(us < 10_000 ? 2 : 0)} ms`;
}

function duration(uptimeSeconds) {
  const minutes = Math.floor(uptimeSeconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function Verdict({ problems }) {
  const kind = problems.length === 0
    ? "good"
    : problems.some(({ level }) => level === "bad")
    ? "bad"
    : "warn";
  const item = (problem) => {
    const place = placeOf(problem);
    return html`<li class=${problem.level}>${
      place === null ? problem.text : html`<a href=${`#${place}`}>${problem.text}</a>`
    }</li>`;
  };
  return html`<section class=${`verdict is-${kind}`} aria-live="polite" aria-label="What is wrong">
    ${kind === "good" && html`<span class="good">Nothing is wrong.</span>`}
    ${kind !== "good" && html`<ul>${problems.map(item)}</ul>`}
  </section>`;
}

/** A quarter of an hour of one number. */
function Chart({ title, points, stepMs, endsAtMs }) {
  const place = useRef(null);
  const plot = useRef(null);
  const last = points.at(-1) ?? null;
  const data = [
    points.map((_, index) => (endsAtMs - (points.length - 1 - index) * stepMs) / 1000),
    points,
  ];
  useEffect(() => {
    // A canvas knows no variables of CSS: what an element has of them is asked for.
    const { color: accent } = getComputedStyle(place.current);
    const { color: dim } = getComputedStyle(place.current.parentElement.firstElementChild);
    const axis = { stroke: dim, grid: { show: false }, font: "11px system-ui" };
    plot.current = new uPlot(
      {
        width: place.current.clientWidth,
        height: CHART_HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [{ ...axis, size: 30, space: 70, values: (_plot, ticks) => ticks.map(clock) }, {
          ...axis,
          size: 48,
          values: (_plot, ticks) => ticks.map(number),
        }],
        series: [{}, {
          stroke: accent,
          fill: accent.replace(/rgba?\(([^)]*)\)/, "rgba($1, 0.12)"),
          width: 1.5,
          points: { show: false },
        }],
      },
      data,
      place.current,
    );
    const resized = () =>
      plot.current.setSize({ width: place.current.clientWidth, height: CHART_HEIGHT });
    addEventListener("resize", resized);
    return () => {
      removeEventListener("resize", resized);
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [endsAtMs]);
  return html`
    <div class="chart">
      <div>${title}: ${number(last)}</div>
      <div class="plot" ref=${place}></div>
    </div>
  `;
}

function order(path, parameters, told) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== null),
  );
  return async () => {
    const response = await ask(`${path}?${query}`, { method: "POST" });
    const text = (await response.text()).trim();
    told(response.ok ? null : `${path}: ${text}`);
  };
}

function BackendRow({ cluster, backend, told }) {
  const { name, address, ordered, pause } = backend;
  const [kind, state] = ordered !== "ready"
    ? ["warn", ordered]
    : !backend.isHealthy
    ? ["bad", "down"]
    : pause !== undefined
    ? ["warn", "paused"]
    : ["good", "up"];
  const target = { cluster: cluster.name, server: name };
  const setState = (state) => order("/server/state", { ...target, state }, told);
  return html`
    <tr>
      <td><a href=${`#${serverPlace(cluster.name, address)}`}>${name}</a></td>
      <td class="dim optional">${address}</td>
      <td class=${kind}>${state}</td>
      <td class="number">${number(backend.requestRate)}</td>
      <td class="number optional">${milliseconds(backend.p50Us)}</td>
      <td class="number">${milliseconds(backend.p99Us)}</td>
      <td class="number">${number(backend.inFlight)}</td>
      <td class="number optional">${bytes(backend.queuedBytes)}</td>
      <td class=${backend.failureRate > 0 ? "number bad" : "number"}>${number(
        backend.failureRate,
      )} ${backend.failure}</td>
      <td class="optional">
        <div class="actions">
          ${pause === undefined
            ? html`<button onClick=${order("/pause", target, told)}>pause</button>`
            : html`<button onClick=${
              order("/resume", { ...target, server: pause.server }, told)
            }>resume</button>`}
          ${backend.isInRing && ordered === "ready" &&
            html`<button onClick=${setState("drain")}>drain</button>`}
          ${ordered !== "ready" && html`<button onClick=${setState("ready")}>ready</button>`}
        </div>
      </td>
    </tr>
  `;
}

function Cluster({ cluster, history, told, filter }) {
  const { name, type, address, clientsConnected, requestRate, errorRate, failures } = cluster;
  const series = history?.clusters[name];
  const shown = cluster.backends.filter((one) =>
    one.name.includes(filter) || one.address.includes(filter)
  );
  const counted = failures.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  return html`<section id=${`cluster-${name}`} aria-label=${`Cluster ${name}`}>
    <h2>${name} <span class="dim">${type} on ${address}</span></h2>
    <div>${number(requestRate)} requests/s · ${number(errorRate)} error replies/s · ${
    number(clientsConnected)
  } clients · ${number(cluster.requests)} requests in all</div>
    ${
    series && history.endsAtMs > 0 && html`
      <div class="charts">
        <${Chart} title="requests/s" points=${series.requests} ...${history} />
        <${Chart} title="error replies/s" points=${series.errors} ...${history} />
        <${Chart} title="clients" points=${series.clients} ...${history} />
      </div>
    `
  }
    <div class="scroll"><table class="backends">
      <thead><tr>
        <th>server</th><th class="optional">address</th><th>state</th><th class="number">requests/s</th>
        <th class="number optional">p50</th><th class="number">p99</th><th class="number">in flight</th>
        <th class="number optional">queue</th><th class="number">failures/s</th><th class="optional"></th>
      </tr></thead>
      <tbody>${
    shown.map((backend) =>
      html`<${BackendRow} key=${backend.address} cluster=${cluster} backend=${backend} told=${told} />`
    )
  }</tbody>
    </table></div>
    ${
    counted.length > 0 &&
    html`<div class="dim">failures so far: ${
      counted.map(({ reason, count }) => `${reason} ${count}`).join(", ")
    }</div>`
  }
  <${SlotMap} slots=${cluster.slots ?? null} />
    <${Commands} commands=${cluster.commands ?? []} />
    </section>`;
}

/** What a request is about: its command and its first word, which mostly is the key; of a script its first key. */
function subjectOf(words) {
  const [name, first = "", , key] = words;
  // A script, or its digest, stands before the number of its keys.
  const isScript = key !== undefined && (/\s/.test(first) || /^[0-9a-f]{40}$/.test(first));
  return isScript ? `${name} … ${key}` : `${name} ${first}`;
}

/**
 * Slow requests by what they are about. Of those that were answered together only the first may have kept the server
 * busy: who took most time in that way stands above those who waited behind.
 */
function bySubject(entries) {
  const found = new Map();
  for (const { command, words, serverUs, time, isFirst } of entries) {
    // Of a transaction the words are what it carried out.
    const subject = command === "exec" ? words.join(" ") : subjectOf(words);
    const one = found.get(subject) ??
      { subject, count: 0, firstUs: 0, firsts: 0, longestUs: 0, time: "" };
    found.set(subject, one);
    one.count += 1;
    if (isFirst) one.firsts += 1;
    if (isFirst) one.firstUs += serverUs;
    one.longestUs = Math.max(one.longestUs, serverUs);
    if (time > one.time) one.time = time;
  }
  return [...found.values()].sort((a, b) => b.firstUs - a.firstUs).slice(0, AT_FAULT_SHOWN);
}

/** One server and what is at fault there: which requests take it long, and which keys are hot or big. */
function ServerView({ place, clusters, slow, keys }) {
  const view = useRef(null);
  useEffect(() => view.current?.scrollIntoView({ block: "start" }), []);
  const cluster = clusters.find(({ name }) => name === place.cluster);
  const backend = cluster?.backends.find(({ address, name }) =>
    address === place.server || name === place.server
  );
  if (backend === undefined) {
    return html`
      <section id="server" ref=${view} aria-label="Server">
        <h2>${place.cluster}: ${place.server}</h2>
        <p>There is no such server now. <a href="#">close</a></p>
      </section>
    `;
  }
  const { address } = backend;
  const ofCluster = (list) => (list?.clusters ?? []).find(({ name }) => name === cluster.name);
  const here = (entries) => (entries ?? []).filter((one) => one.backend === address);
  const subjects = bySubject(here(ofCluster(slow)?.entries));
  const ownKeys = ofCluster(keys);
  const hot = here(ownKeys?.hotKeys).filter(({ hits, error }) => hits > error)
    .slice(0, AT_FAULT_SHOWN);
  const big = here(ownKeys?.bigKeys).slice(0, AT_FAULT_SHOWN);
  const commands = here(cluster.commands).slice(0, AT_FAULT_SHOWN);
  const reasons = Object.entries(backend.failuresByReason).sort(([, a], [, b]) => b - a);
  return html`<section id="server" ref=${view} class="server" aria-label=${`Server ${backend.name}`}>
    <h2>${cluster.name}: ${backend.name} <span class="dim">${address}</span> <a href="#">close</a></h2>
    <div>${backend.isHealthy ? "up" : html`<span class="bad">down</span>`} · ${
    number(backend.requestRate)
  } requests/s · half within ${milliseconds(backend.p50Us)}, 99 % within ${
    milliseconds(backend.p99Us)
  } · ${number(backend.inFlight)} in flight · ${bytes(backend.queuedBytes)} wait</div>
    ${
    reasons.length > 0 &&
    html`<div class="dim">failures so far: ${
      reasons.map(([reason, count]) => `${reason} ${count}`).join(", ")
    }</div>`
  }
    <${SmallTable} title="Slow requests" titles=${[
    "request",
    "first in line",
    "times",
    "longest",
    "last",
  ]}
      none="None of the last ones." rows=${
    subjects.map(({ subject, firsts, count, longestUs, time }) => [
      subject,
      number(firsts),
      number(count),
      milliseconds(longestUs),
      time.slice(11, 19),
    ])
  } />
    <${SmallTable} title="Hot keys" titles=${["key", "times", "±"]}
      none=${ownKeys?.hotkeysEnabled ? "None." : "Not counted: HOTKEY ENABLE, or hotkeys = true."}
      rows=${hot.map(({ key, hits, error }) => [key, number(hits), number(error)])} />
    <${SmallTable} title="Big keys" titles=${["key", "size", "of", "times"]} none="None."
      rows=${
    big.map(({ key, bytes: size, part, count }) => [key, bytes(size), part, number(count)])
  } />
    <${SmallTable} title="Commands by time" titles=${[
    "command",
    "requests",
    "p50",
    "p99",
  ]} none="None."
      rows=${
    commands.map((one) => [
      one.command,
      number(one.count),
      milliseconds(one.p50Us),
      milliseconds(one.p99Us),
    ])
  } />
  </section>`;
}

/** A few rows, whose first column is text that others have chosen. */
function SmallTable({ title, titles, rows, none }) {
  return html`
    <h3>${title}</h3>
    ${rows.length === 0 && html`<p class="dim">${none}</p>`} ${rows.length > 0 && html`
      <div class="scroll">
        <table class="small">
          <thead>
            <tr>${titles.map((text, at) =>
              html`<th class=${at === 0 ? "" : "number"}>${text}</th>`
            )}</tr>
          </thead>
          <tbody>${rows.map((cells, row) =>
            html`<tr key=${row}>${
              cells.map((cell, at) => html`<td class=${at === 0 ? "words" : "number"}>${cell}</td>`)
            }</tr>`
          )}</tbody>
        </table>
      </div>
    `}
  `;
}

function Workers({ workers }) {
  return html`
    <section id="workers" aria-label="Workers">
      <h2>Workers</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>worker</th>
              <th>state</th>
              <th class="number">replaced</th>
              <th class="number">loop delay</th>
              <th class="number">memory</th>
            </tr>
          </thead>
          <tbody>${workers.map((one) =>
            html`
              <tr key=${one.number}>
                <td>${one.number}</td>
                <td class=${one.isListening && one.hasAnswered ? "good" : "bad"}>${one.isListening
                  ? one.hasAnswered ? "serves" : "silent"
                  : "not listening"}</td>
                <td class="number">${one.restarts}</td>
                <td class=${one.loopDelayMs >= BUSY_MS ? "number bad" : "number"}>${one
                    .loopDelayMs === undefined
                  ? "–"
                  : `${one.loopDelayMs} ms`}</td>
                <td class="number">${one.heapBytes === undefined ? "–" : bytes(one.heapBytes)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    </section>
  `;
}

/** A list that is asked for every few seconds while the page is seen; null where the proxy does not have it. */
function useList(path) {
  const [list, setList] = useState(null);
  useEffect(() => {
    let timer;
    const look = async () => {
      try {
        const response = await ask(path);
        if (response.status === 404) return;
        if (response.ok) setList(await response.json());
      } catch {
        // The stream of events says that the proxy is away.
      }
      timer = setTimeout(look, document.hidden ? 4 * LIST_INTERVAL_MS : LIST_INTERVAL_MS);
    };
    look();
    return () => clearTimeout(timer);
  }, [path]);
  return list;
}

function SlowRequests({ list }) {
  const entries = (list?.clusters ?? []).flatMap(({ name, entries }) =>
    entries.map((entry) => ({ ...entry, cluster: name }))
  ).sort((a, b) => a.time < b.time ? 1 : -1).slice(0, 20);
  if (list === null) return null;
  return html`<section id="slow" aria-label="Slow requests"><h2>Slow requests</h2>
    ${entries.length === 0 && html`<p class="dim">None.</p>`}
    ${
    entries.length > 0 && html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>time</th>
              <th>cluster</th>
              <th class="number">in all</th>
              <th class="number">queue</th>
              <th class="number">server</th>
              <th>backend</th>
              <th>request</th>
              <th class="optional">client</th>
            </tr>
          </thead>
          <tbody>${entries.map((one) =>
            html`
              <tr key=${`${one.cluster} ${one.id}`}>
                <td>${one.time.slice(11, 23)}</td>
                <td>${one.cluster}</td>
                <td class="number">${milliseconds(one.totalUs)}</td>
                <td class="number">${milliseconds(one.queueUs)}</td>
                <td class="number">${milliseconds(one.serverUs)}</td>
                <td>${one.backend}</td>
                <td class="words">${one.words.join(" ")} <span class="bad">${one
                  .failure}</span></td>
                <td class="optional">${one.clientAddress} ${one.user}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}

/** Where clients come from: who has most connections, and who does not read. */
function Addresses() {
  const list = useList("/clients");
  const addresses = (list?.clusters ?? []).flatMap(({ name, addresses }) =>
    addresses.map((one) => ({ ...one, cluster: name }))
  ).sort((a, b) => b.outputBytes - a.outputBytes || b.clients - a.clients).slice(0, 20);
  if (list === null) return null;
  return html`<section id="addresses" aria-label="Clients by address"><h2>Clients by address</h2>
    ${addresses.length === 0 && html`<p class="dim">None.</p>`}
    ${
    addresses.length > 0 && html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>cluster</th>
              <th>address</th>
              <th class="number">clients</th>
              <th class="number">replies not taken</th>
            </tr>
          </thead>
          <tbody>${addresses.map((one) =>
            html`
              <tr key=${`${one.cluster} ${one.address}`}>
                <td>${one.cluster}</td>
                <td>${one.address || "unknown"}</td>
                <td class="number">${number(one.clients)}</td>
                <td class="number">${bytes(one.outputBytes)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}

/** Keys that are asked for most, and keys whose requests or replies are large. */
function Keys({ list }) {
  if (list === null) return null;
  const hot = list.clusters.flatMap(({ name, hotKeys }) =>
    hotKeys.slice(0, 10).map((one) => ({ ...one, cluster: name }))
  );
  const big = list.clusters.flatMap(({ name, bigKeys }) =>
    bigKeys.slice(0, 10).map((one) => ({ ...one, cluster: name }))
  );
  const isCounting = list.clusters.some(({ hotkeysEnabled }) => hotkeysEnabled);
  return html`<section id="keys" aria-label="Hot and big keys"><h2>Hot keys</h2>
    ${!isCounting && html`<p class="dim">Not counted: HOTKEY ENABLE, or hotkeys = true.</p>`}
    ${isCounting && hot.length === 0 && html`<p class="dim">None.</p>`}
    ${
    hot.length > 0 && html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>cluster</th>
              <th class="number">times, last minutes</th>
              <th class="number">±</th>
              <th class="optional">backend</th>
              <th>key</th>
            </tr>
          </thead>
          <tbody>${hot.map((one) =>
            html`
              <tr key=${`${one.cluster} ${one.key}`}>
                <td>${one.cluster}</td>
                <td class="number">${number(one.hits)}</td>
                <td class="number dim">${number(one.error)}</td>
                <td class="optional">${one.backend}</td>
                <td class="words">${one.key}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }
    ${
    big.length > 0 && html`
      <h2>Big keys</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>cluster</th>
              <th class="number">size</th>
              <th class="number">times</th>
              <th>of</th>
              <th class="optional">command</th>
              <th class="optional">backend</th>
              <th>key</th>
            </tr>
          </thead>
          <tbody>${big.map((one) =>
            html`
              <tr key=${`${one.cluster} ${one.part} ${one.key}`}>
                <td>${one.cluster}</td>
                <td class="number">${bytes(one.bytes)}</td>
                <td class="number">${number(one.count)}</td>
                <td>${one.part}</td>
                <td class="optional">${one.command}</td>
                <td class="optional">${one.backend}</td>
                <td class="words">${one.key}${one.keyCount > 1 && html`
                  <span
                    class="dim">and ${one.keyCount - 1} more</span>
                `}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}

/** What takes the servers' time: commands by the time they took in all since the start. */
function Commands({ commands }) {
  if (commands.length === 0) return null;
  return html`
    <details>
      <summary>Commands by time</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>command</th>
              <th>server</th>
              <th class="number">requests</th>
              <th class="number">p50</th>
              <th class="number">p99</th>
              <th class="number">time in all</th>
            </tr>
          </thead>
          <tbody>${commands.map((one) =>
            html`
              <tr key=${`${one.command} ${one.isBlocking} ${one.backend}`}>
                <td>${one.command}${one.isBlocking && html`
                  <span class="dim">(waits)</span>
                `}</td>
                <td class="dim">${one.backend}</td>
                <td class="number">${number(one.count)}</td>
                <td class="number">${milliseconds(one.p50Us)}</td>
                <td class="number">${milliseconds(one.p99Us)}</td>
                <td class="number">${(one.sumUs / 1e6).toFixed(1)} s</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    </details>
  `;
}

/** Which part of the slots each master of a Redis Cluster has. */
function SlotMap({ slots }) {
  if (slots === null || slots.length === 0) return null;
  const counts = new Map();
  for (const { first, last, master } of slots) {
    counts.set(master, (counts.get(master) ?? 0) + last - first + 1);
  }
  const covered = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return html`
    <div class="dim">slots: ${[...counts].map(([master, count]) => `${master} ${count}`).join(", ")}
    ${covered < SLOT_COUNT && html`
      <span class="bad">, ${SLOT_COUNT - covered} without an owner</span>
    `}</div>
  `;
}

function Changes({ changes }) {
  if (changes === undefined) return null;
  return html`<section id="changes" aria-label="Changes"><h2>Last changes</h2>
    ${changes.length === 0 && html`<p class="dim">None.</p>`}
    <table><tbody>${
    changes.slice(0, 50).map(({ time, cluster, text }, index) =>
      html`
        <tr key=${index}>
          <td>${time.slice(0, 19).replace("T", " ")}</td>
          <td>${cluster}</td>
          <td class="words">${text}</td>
        </tr>
      `
    )
  }</tbody></table></section>`;
}

function Locked({ opened }) {
  const entered = (event) => {
    event.preventDefault();
    token.set(new FormData(event.target).get("token"));
    opened();
  };
  return html`
    <form onSubmit=${entered}>
      <p><label>admin_token <input name="token" type="password" autocomplete="off" autofocus required /></label> <button>show</button></p>
    </form>
  `;
}

function scrollToPart(name) {
  try {
    document.getElementById(decodeURIComponent(name))?.scrollIntoView();
  } catch {
    // No name of any part.
  }
}

function Page() {
  const [view, again] = useProxy();
  const [filter, setFilter] = useState("");
  const [message, told] = useState(null);
  const place = useServerPlace();
  const hasStatus = view.status !== null;
  useEffect(() => {
    // A browser looks for the part that a link names before there is any.
    if (hasStatus && location.hash !== "" && place === null) scrollToPart(location.hash.slice(1));
  }, [hasStatus]);
  const slow = useList("/slowlog");
  const keys = useList("/hotkeys");
  const { status, former, gone } = view;
  if (gone === "locked") {
    return html`
      <header>
        <h1>aster</h1>
      </header>
      <${Locked} opened=${again} />
    `;
  }
  if (status === null) {
    return html`
      <header>
        <h1>aster</h1>
      </header>
      <p>${gone ?? "Asking the proxy …"}</p>
    `;
  }
  const clusters = measured(status, former);
  const history = grown(view.history, status);
  return html`
    <header><h1>aster</h1><span class="dim">${status.version}, up ${duration(
      status.uptimeSeconds,
    )}</span>
      <nav aria-label="Clusters">${clusters.map(({ name }) =>
        html`<a key=${name} href=${`#cluster-${name}`}>${name}</a>`
      )}</nav>
      <label>servers <input type="search" size="12" placeholder="filter" value=${filter} onInput=${(
        event,
      ) => setFilter(event.target.value)} /></label>
    </header>
    ${gone !== null && html`
      <section
        class="verdict is-bad"><span class="bad">The proxy does not answer; what follows is how it was.</span></section>
    `}
    ${message !== null && html`
      <section class="verdict is-warn"
        role="alert">${message} <button onClick=${() => told(null)}>seen</button></section>
    `}
    <${Verdict} problems=${status.problems} />
    ${place !== null && html`
      <${ServerView} key=${`${place.cluster} ${place.server}`} place=${place} clusters=${clusters}
        slow=${slow} keys=${keys} />
    `}
    ${clusters.map((cluster) =>
      html`
        <${Cluster} key=${cluster.name} cluster=${cluster} history=${history} told=${told}
          filter=${filter} />
      `
    )}
    <${SlowRequests} list=${slow} /><${Keys} list=${keys} /><${Addresses} /><${Workers}
      workers=${status
        .workers} /><${Changes}
      changes=${status.changes} />
  `;
}

/** The history as it came, which the server's own steps carry on: nothing is made up between them. */
function grown(history, { history: newest }) {
  if (history === null || newest === undefined || newest.endsAtMs <= history.endsAtMs) {
    return history;
  }
  for (const [name, point] of Object.entries(newest.clusters)) {
    const series = history.clusters[name] ??= { requests: [], errors: [], clients: [] };
    for (const field of ["requests", "errors", "clients"]) {
      series[field].push(point[field]);
      if (series[field].length > POINTS_MAX) series[field].shift();
    }
  }
  history.endsAtMs = newest.endsAtMs;
  return history;
}

const main = document.querySelector("main");
main.textContent = "";
render(html`<${Page} />`, main);
