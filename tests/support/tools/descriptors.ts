/**
 * The descriptors that this process has open, as Linux shows them: what a test must leave as it
 * found it.
 *
 * @module
 */

const FOLDER = "/proc/self/fd";

/** Open descriptors by number with what they are, say `socket:[…]`; none without that folder. */
export function openDescriptors(): Map<number, string> {
  const open = new Map<number, string>();
  for (const name of listNames()) {
    try {
      open.set(Number(name), Deno.readLinkSync(`${FOLDER}/${name}`));
    } catch (error) {
      // The one that read the folder is closed by now.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return open;
}

/** The sockets among the open descriptors that are not in `before`, in ascending order. */
export function socketsSince(before: ReadonlyMap<number, string>): number[] {
  const sockets: number[] = [];
  for (const [descriptor, link] of openDescriptors()) {
    if (link.startsWith("socket:") && before.get(descriptor) !== link) sockets.push(descriptor);
  }
  return sockets.sort((one, other) => one - other);
}

function listNames(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)].map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
