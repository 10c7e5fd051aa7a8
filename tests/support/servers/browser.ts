/**
 * A real browser without a window, for what only a browser can tell.
 *
 * @module
 */
import { clientLibraries } from "../../deps.ts";

/** The browser's program, or null where the machine has none. */
export function browserProgram(): string | null {
  for (const path of ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // The next one may be there.
    }
  }
  return null;
}

/** A page of the browser, and what went wrong in it. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Awaited<ReturnType<Awaited<ReturnType<typeof launch>>["newPage"]>>;
  /** Errors of scripts, messages of the console at level error, and what could not be loaded. */
  readonly faults: string[];
}

async function launch() {
  const { default: puppeteer } = await clientLibraries.puppeteer();
  return await puppeteer.launch({
    executablePath: browserProgram()!,
    headless: true,
    // Tests run as root in containers, where the sandbox of the browser cannot.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** Starts a browser and opens an empty page in it. */
export async function openBrowser(): Promise<BrowserPage> {
  const browser = await launch();
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  return { page, faults, [Symbol.asyncDispose]: () => browser.close() };
}
