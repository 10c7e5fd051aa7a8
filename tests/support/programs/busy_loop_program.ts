/**
 * A loop of the epoll engine that always has something to serve. Its argument is the path of the C
 * library. Writes how many milliseconds of a processor it used between two ticks of an interval of
 * 5 ms: unlike time, that does not depend on what else the machine does.
 *
 * @module
 */
import process from "node:process";
import { Clock } from "../../../src/clock.ts";
import { EpollLoop } from "../../../src/net/epoll/epoll_loop.ts";
import { EFD_NONBLOCK, EPOLLIN, openLibc } from "../../../src/net/epoll/libc.ts";
import { System } from "../../../src/net/epoll/system.ts";
import { FlushQueue } from "../../../src/net/flush_queue.ts";

/** Ticks that are waited for; the first has much of the start of the process in it. */
const TICKS = 9;

const system = new System(openLibc(Deno.args[0]!));
const loop = new EpollLoop(system, new Clock(), new FlushQueue());
const bell = system.libc.eventfd(1, EFD_NONBLOCK);
loop.register(bell, { onEvents: () => {}, abandon: () => system.close(bell) }, EPOLLIN);
const usedMs: number[] = [];
let before = process.cpuUsage();
setInterval(() => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  usedMs.push((user + system) / 1000);
  if (usedMs.length < TICKS) return;
  console.log(JSON.stringify(usedMs.slice(1)));
  Deno.exit(0);
}, 5);
