/**
 * The text of INFO: sections of lines `field:value`, each under a title.
 *
 * @module
 */

/** One line. */
export type InfoField = readonly [name: string, value: string];

/** One section. */
export interface InfoSection {
  /** As a server writes it, such as `Memory`. */
  readonly title: string;
  readonly fields: readonly InfoField[];
}

const LINE_END = "\r\n";
const TITLE = "# ";

/** Reads a server's text. A line that is none is passed over. */
export function readInfo(text: string): InfoSection[] {
  const sections: { title: string; fields: InfoField[] }[] = [];
  for (const line of text.split(LINE_END)) {
    const colon = line.indexOf(":");
    if (line.startsWith(TITLE)) sections.push({ title: line.slice(TITLE.length), fields: [] });
    else if (colon > 0) sections.at(-1)?.fields.push([line.slice(0, colon), line.slice(colon + 1)]);
  }
  return sections;
}

/** Writes sections as a server does: an empty line between them. */
export function writeInfo(sections: readonly InfoSection[]): string {
  return sections.map(({ title, fields }) => {
    const lines = fields.map(([name, value]) => `${name}:${value}${LINE_END}`);
    return `${TITLE}${title}${LINE_END}${lines.join("")}`;
  }).join(LINE_END);
}

/** The parts of a value such as `keys=3,expires=1`, or null where it is another kind of value. */
export function readParts(value: string): InfoField[] | null {
  const parts: InfoField[] = [];
  for (const part of value.split(",")) {
    const equals = part.indexOf("=");
    if (equals <= 0) return null;
    parts.push([part.slice(0, equals), part.slice(equals + 1)]);
  }
  return parts;
}

/** Writes them. */
export function writeParts(parts: readonly InfoField[]): string {
  return parts.map(([name, value]) => `${name}=${value}`).join(",");
}

/** The number that a value is, or null where it is none. */
export function readNumber(value: string): number | null {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}
