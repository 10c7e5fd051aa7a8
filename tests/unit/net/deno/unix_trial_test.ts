import { unixAsidePath, unixEndpoint, unixWorkshop } from "../../../../src/endpoint.ts";
import { clearAbandoned, isServedAt, unixFault } from "../../../../src/net/deno/unix_trial.ts";
import { assertEquals } from "../../../deps.ts";

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(`${directory}/s.sock`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Leaves a socket that nobody listens by. */
function leaveSocket(path: string): void {
  const listener = Deno.listen({ transport: "unix", path: `${path}~` });
  Deno.renameSync(`${path}~`, path);
  listener.close();
}

Deno.test("a socket is taken where somebody listens, and free where nothing is or nobody does", () =>
  inDirectory(async (path) => {
    const fault = () => unixFault(unixEndpoint(path));
    assertEquals([await isServedAt(path), await fault()], [false, null]);
    leaveSocket(path);
    assertEquals([await isServedAt(path), await fault()], [false, null]);
    const other = `${path}2`;
    using _listener = Deno.listen({ transport: "unix", path: other });
    assertEquals(await isServedAt(other), true);
    assertEquals(await unixFault(unixEndpoint(other)), "address already in use");
  }));

Deno.test("what a process has left aside is cleared, unless somebody listens by it", () =>
  inDirectory(async (path) => {
    const exists = async () => await Deno.lstat(unixWorkshop(path)).then(() => true, () => false);
    await clearAbandoned(path);
    await Deno.mkdir(unixWorkshop(path));
    leaveSocket(unixAsidePath(path));
    await clearAbandoned(path);
    assertEquals(await exists(), false);
    await Deno.mkdir(unixWorkshop(path));
    using _listener = Deno.listen({ transport: "unix", path: unixAsidePath(path) });
    await clearAbandoned(path);
    assertEquals(await exists(), true);
  }));

Deno.test({
  name: "what is not granted is said, and never asked for",
  permissions: { net: ["unix:/run/a.sock"], read: false, write: false },
  async fn() {
    assertEquals(
      await unixFault(unixEndpoint("/run/a.sock")),
      "the process lacks --allow-net, --allow-read, --allow-write for it",
    );
    assertEquals(await isServedAt("/run/a.sock"), false);
    await clearAbandoned("/run/a.sock");
  },
});
