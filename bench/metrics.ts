/**
 * Reads a proxy's Prometheus text.
 *
 * @module
 */

/** The text of one scrape. */
export async function scrape(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${text}`);
  return text;
}

/**
 * By how much a counter rose between two scrapes, over all its labels; not a number if it is not
 * there.
 */
export function counterBetween(name: string, before: string, after: string): number {
  return counterIn(name, after) - counterIn(name, before);
}

function counterIn(name: string, text: string): number {
  const lines = text.split("\n").filter((line) =>
    line.startsWith(`${name} `) || line.startsWith(`${name}{`)
  );
  if (lines.length === 0) return NaN;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
