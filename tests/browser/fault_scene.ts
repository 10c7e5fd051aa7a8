/**
 * A proxy that something is wrong with, as a person sees it: the dashboard in a browser, and `aster top` on a terminal.
 * With the environment variable ASTER_SCREENSHOTS each fault leaves a picture of either in the folder that it names.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { type BrowserPage, openBrowser } from "../support/servers/browser.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { delay, until } from "../support/tools/poll.ts";
import { TerminalProgram } from "../support/programs/terminal_program.ts";

const TERMINAL = { columns: 112, rows: 24, hasColours: true };
const PAGE = { width: 1_080, height: 720 };
const PROBLEM_DEADLINE_MS = 40_000;
/** For how long problems of the start are told. */
const CALM_MS = 25_000;
/** What the screen of `aster top` begins with each time that it is drawn. */
const HOME = "\x1b[H";

/** The folder for pictures, or null. */
export const pictureFolder: string | null = Deno.env.get("ASTER_SCREENSHOTS") ?? null;

/** The page and the terminal of one proxy. */
export class FaultScene implements AsyncDisposable {
  readonly browser: BrowserPage;
  readonly #admin: string;
  readonly #top: TerminalProgram;

  private constructor(browser: BrowserPage, admin: string, top: TerminalProgram) {
    this.browser = browser;
    this.#admin = admin;
    this.#top = top;
  }

  /** Opens both. */
  static async open(adminPort: number): Promise<FaultScene> {
    const admin = `127.0.0.1:${adminPort}`;
    const words = ["--no-check", "mod.ts", "top", "--admin", admin, "--interval", "0.5"];
    const top = new TerminalProgram(words, ["-A"], TERMINAL);
    const browser = await openBrowser();
    await browser.page.setViewport(PAGE);
    await browser.page.goto(`http://${admin}/`);
    await browser.page.waitForSelector(".verdict", { timeout: PROBLEM_DEADLINE_MS });
    return new FaultScene(browser, admin, top);
  }

  /** What `/status` says. */
  // deno-lint-ignore no-explicit-any
  async status(): Promise<any> {
    return await (await fetch(`http://${this.#admin}/status`)).json();
  }

  /** The text of `/metrics`. */
  async metrics(): Promise<string> {
    return await (await fetch(`http://${this.#admin}/metrics`)).text();
  }

  /**
   * Waits until the page says it above all else, the terminal in its first lines, and `/status`; nothing was clicked,
   * scrolled or typed.
   *
   * @param name Of the pictures.
   */
  async saysFirst(name: string, text: string): Promise<void> {
    const { page } = this.browser;
    const said = `document.querySelector(".verdict")?.textContent.includes(${
      JSON.stringify(text)
    })`;
    await page.waitForFunction(said, { timeout: PROBLEM_DEADLINE_MS });
    const place = await page.$eval(".verdict", (verdict) => {
      const { top, bottom } = verdict.getBoundingClientRect();
      return { top, bottom };
    });
    const isSeen = place.top >= 0 && place.bottom <= PAGE.height;
    assertEquals(isSeen, true, `it is beyond the screen: ${JSON.stringify(place)}`);
    await this.#top.shows(new RegExp(escape(text)));
    // While a worker stands still for want of a processor, servers are not called slow.
    await until(
      async () =>
        (await this.status()).problems.some((problem: { text: string }) =>
          problem.text.includes(text)
        ),
      { what: `/status lists: ${text}`, deadlineMs: PROBLEM_DEADLINE_MS },
    );
    if (pictureFolder !== null) await this.#calm(text);
    await this.picture(name);
  }

  /** A picture shows the fault alone, not how everything was started, or what else the machine has to do. */
  async #calm(text: string): Promise<void> {
    await delay(CALM_MS);
    const isAlone = async () => {
      const { problems } = await this.status();
      return problems.every((one: { kind: string; text: string }) =>
        one.kind !== "worker" || one.text.includes(text)
      );
    };
    await until(isAlone, { what: "no worker is busy", deadlineMs: 120_000, intervalMs: 500 });
    // Until both have heard of that.
    await delay(1_500);
  }

  /** Waits until the page, the terminal and `/status` say that nothing is wrong. */
  async saysNothing(): Promise<void> {
    const said = `document.querySelector(".verdict")?.textContent.includes("Nothing is wrong")`;
    await this.browser.page.waitForFunction(said, { timeout: PROBLEM_DEADLINE_MS });
    await this.#top.shows(/nothing is wrong/);
    await until(async () => (await this.status()).problems.length === 0, {
      what: "/status has no problem",
    });
  }

  /** Takes the pictures, if there shall be any. */
  async picture(name: string): Promise<void> {
    if (pictureFolder === null) return;
    await this.browser.page.screenshot({ path: `${pictureFolder}/${name}_page.png` });
    await using browser = await openBrowser();
    const frame = this.#top.output.slice(this.#top.output.lastIndexOf(HOME) + HOME.length);
    await browser.page.setViewport({ width: 960, height: 440 });
    await browser.page.setContent(terminalPage(frame));
    await browser.page.screenshot({ path: `${pictureFolder}/${name}_top.png` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#top[Symbol.asyncDispose]();
    await this.browser[Symbol.asyncDispose]();
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The colours that `aster top` writes. */
const STYLES: Record<string, string> = {
  "1": "font-weight:bold",
  "7": "background:#d0d4d8;color:#14181c",
  "31": "color:#ff7b72",
};

/** A terminal's screen as a page. */
function terminalPage(frame: string): string {
  const text = frame.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\r", "")
    // deno-lint-ignore no-control-regex
    .replace(/\x1b\[(\d*)m/g, (_, code) => STYLES[code] ? `<b style="${STYLES[code]}">` : "</b>")
    // deno-lint-ignore no-control-regex
    .replace(/\x1b\[[?\d;]*[A-Za-z]/g, "");
  return `<style>body{margin:0;background:#14181c;color:#e6e8ea}
    pre{margin:12px;font:13.5px/17px monospace}b{font-weight:normal}</style><pre>${text}</pre>`;
}

/** Clients that ask again and again until they are told to end. */
export class Load implements AsyncDisposable {
  #isOver = false;
  readonly #ended: Promise<unknown>;

  /**
   * @param count Clients.
   * @param commands What each asks at once, again and again; errors do not matter.
   */
  constructor(port: number, count: number, commands: () => string[][]) {
    this.#ended = Promise.all(Array.from({ length: count }, () => this.#run(port, commands)));
  }

  async #run(port: number, commands: () => string[][]): Promise<void> {
    using client = await RespClient.connect({ port });
    while (!this.#isOver) {
      await client.pipeline(commands());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }
}
