/**
 * The dashboard: the page at `/` of the admin server, what it loads, and its stream of events.
 *
 * @module
 */
import { preactSource, uplotSource, uplotStyle } from "../../../deps.ts";
import { EventStreams } from "./event_streams.ts";
import { History, HISTORY_STEP_MS, type HistoryCounts } from "./history.ts";
import { type Html, html } from "./html.ts";
import pageScript from "./page.js" with { type: "text" };
import pageStyle from "./page.css" with { type: "text" };
import { statusTables, type StatusView } from "./status_table.ts";

/** Where the page and what it loads are; nothing in them is about this proxy, so nobody needs a token for them. */
export const DASHBOARD_PATH = "/dashboard/";

/** Everything comes from this server, and nothing within the page can run as a script. */
const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** Has the page's script find preact as it finds uPlot; modules run in the order in which the page names them. */
const LIBRARIES = `import * as htmPreact from "./preact.js";\nglobalThis.htmPreact = htmPreact;\n`;

/** What the page loads, by its name behind {@link DASHBOARD_PATH}. */
const assets = new Map<string, readonly [text: string, type: string]>([
  ["page.js", [pageScript, SCRIPT]],
  ["page.css", [pageStyle, STYLE]],
  ["libraries.js", [LIBRARIES, SCRIPT]],
  ["preact.js", [preactSource, SCRIPT]],
  ["uplot.js", [uplotSource, SCRIPT]],
  ["uplot.css", [uplotStyle, STYLE]],
]);

/** What the dashboard is made from. */
export interface DashboardSource {
  /** What `/status` shows. */
  status(): Promise<Record<string, unknown>>;
  /** What is counted now, for the history. */
  counts(): Promise<readonly HistoryCounts[]>;
}

/** The page of one proxy. */
export class Dashboard {
  readonly #source: DashboardSource;
  readonly #history: History = new History();
  readonly #streams: EventStreams;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(source: DashboardSource) {
    this.#source = source;
    this.#streams = new EventStreams(() => this.#event());
  }

  /** Keeps the history from now on. */
  start(): void {
    const look = async () => this.#history.add(await this.#source.counts(), Date.now());
    look();
    this.#timer = setInterval(look, HISTORY_STEP_MS);
  }

  /** Ends all streams, and the history. */
  stop(): void {
    clearInterval(this.#timer);
    this.#streams.close();
  }

  /**
   * The answer to a request for the page or what belongs to it; null for all others.
   *
   * @param mayRead Whether who asks may see what is in the proxy: the page itself shows nothing otherwise.
   */
  async answer(path: string, mayRead: boolean): Promise<Response | null> {
    if (path === "/") {
      const tables = mayRead
        ? statusTables(await this.#source.status() as unknown as StatusView)
        : html`<p>The admin_token is wanted.</p>`;
      return new Response(pageText(tables), {
        headers: { ...PAGE_HEADERS, "content-type": "text/html; charset=utf-8" },
      });
    }
    if (path === "/events") {
      return this.#streams.open({ history: this.#history.view(), status: await this.#event() });
    }
    const asset = path.startsWith(DASHBOARD_PATH)
      ? assets.get(path.slice(DASHBOARD_PATH.length))
      : undefined;
    if (asset === undefined) return null;
    const [text, type] = asset;
    return new Response(text, { headers: { ...PAGE_HEADERS, "content-type": type } });
  }

  async #event(): Promise<unknown> {
    return { ...forPage(await this.#source.status()), history: this.#history.newest() };
  }
}

/** Commands of a cluster that the page shows. */
const COMMANDS_SHOWN = 20;

/** What the page shows of a status: a cluster may have thousands of series, which nobody reads each second. */
export function forPage(status: Record<string, unknown>): Record<string, unknown> {
  const clusters = status.clusters as readonly { commands?: readonly CommandView[] }[];
  return {
    ...status,
    clusters: clusters.map(({ commands = [], ...cluster }) => ({
      ...cluster,
      commands: commands.toSorted(byTimeAtServers)
        .slice(0, COMMANDS_SHOWN).map(({ buckets: _, ...command }) => command),
    })),
  };
}

/** What takes servers most time first; what clients wait for on purpose behind all that. */
function byTimeAtServers(one: CommandView, other: CommandView): number {
  return Number(one.isBlocking) - Number(other.isBlocking) || other.sumUs - one.sumUs;
}

/** A command at one server, as far as the page needs to know it. */
interface CommandView {
  readonly isBlocking: boolean;
  readonly sumUs: number;
  readonly buckets?: unknown;
}

/** The whole page: tables for whoever has no JavaScript, and until the script has begun. */
function pageText(tables: Html): string {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>aster</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/dashboard/uplot.css">
        <link rel="stylesheet" href="/dashboard/page.css">
        <noscript><meta http-equiv="refresh" content="5"></noscript>
      </head>
      <body>
        <main>
        <header><h1>aster</h1></header>
        ${tables}
            </main>
        <script src="/dashboard/uplot.js"></script>
        <script type="module" src="/dashboard/libraries.js"></script>
        <script type="module" src="/dashboard/page.js"></script>
      </body>
    </html>
  `.text.trimStart();
}
