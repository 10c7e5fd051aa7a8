/**
 * A listener of the epoll engine in a process that has no descriptor left for a while. Started
 * with a low limit of descriptors; its argument is the path of the C library. Writes what happened
 * as JSON.
 *
 * @module
 */
import { Clock } from "../../../src/clock.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { EpollEngine } from "../../../src/net/epoll/epoll_engine.ts";
import { delay, until } from "../tools/poll.ts";

/** How long there are none, milliseconds. */
const LACK_MS = 350;

// Deno opens descriptors for signals when it first needs them, and ends the process if it gets none.
Deno.addSignalListener("SIGUSR2", () => {});
const engine = new EpollEngine(Deno.args[0]!, new Clock());
const errors: string[] = [];
let accepted = 0;
const listener = engine.listen({ endpoint: tcpEndpoint("127.0.0.1", 0), sharesPort: false }, {
  lack: null,
  accepted: () => accepted += 1,
  acceptFailed: ({ name }) => errors.push(name),
});
const address = { hostname: "127.0.0.1", port: listener.port };
await Deno.connect(address);
await until(() => accepted === 1, { what: "the first accept" });
const acceptedBefore = accepted;

const files = takeAll();
// One for the other side; then there is none for this one.
files.pop()!.close();
const beganMs = performance.now();
await Deno.connect(address);
await until(() => errors.length > 0, { what: "a failed accept" });
await delay(LACK_MS);
const acceptedMeanwhile = accepted;
for (const file of files) file.close();
const durationMs = performance.now() - beganMs;
await until(() => accepted === 2, { what: "the second accept" });
const report = { acceptedBefore, acceptedMeanwhile, acceptedAfter: accepted, errors, durationMs };
console.log(JSON.stringify(report));
Deno.exit(0);

function takeAll(): Deno.FsFile[] {
  const taken: Deno.FsFile[] = [];
  try {
    for (;;) taken.push(Deno.openSync("/dev/null"));
  } catch {
    return taken;
  }
}
