/**
 * How two processes reach each other for a takeover: by a unix socket of Deno's, or, where the C library may be called,
 * by one of the kernel's, which carries descriptors and says whose process is at the other end.
 *
 * @module
 */
import { Clock } from "../../clock.ts";
import type { IoChoice } from "../../config/config.ts";
import { connectDenoChannel, DenoDoor } from "../../net/deno/deno_channel.ts";
import {
  connectDescriptorChannel,
  DescriptorDoor,
  removeDoor,
} from "../../net/epoll/descriptor_channel.ts";
import { openLibc } from "../../net/epoll/libc.ts";
import { System } from "../../net/epoll/system.ts";

/** One end of a connection between two processes. Lines go both ways. */
export interface TakeoverChannel {
  /**
   * Sends a line, and descriptors along with it where the channel can carry them.
   *
   * @throws {Error} If the other side is gone, or does not read.
   */
  send(line: string, descriptors?: readonly number[]): void | Promise<void>;
  /** The next line; null where none comes in time, or none any more. */
  receive(timeoutMs: number): Promise<string | null>;
  /** Descriptors that came with the lines received so far; the caller closes them. */
  takeDescriptors(count: number): number[];
  close(): void;
}

/** Where others connect to. */
export interface TakeoverDoor {
  /** The next connection; null when the door is closed. */
  accept(): Promise<TakeoverChannel | null>;
  /** Nobody gets in any more, and the path is free. */
  close(): void;
}

/** Opens doors and connects to them. */
export interface TakeoverTransport {
  /** Calls the system, where descriptors can be carried; else null. */
  readonly system: System | null;
  /**
   * Opens the door at a path, for this user's processes alone. A socket that a process has left there is removed.
   *
   * @throws {Error} If it cannot be opened.
   */
  open(path: string): TakeoverDoor;
  /**
   * Connects to a door; null where nobody is behind it.
   *
   * @throws {Error} If that cannot be told, or the process behind it is another user's.
   */
  connect(path: string): Promise<TakeoverChannel | null>;
}

/** The transport that goes with an engine. */
export function createTransport(io: IoChoice): TakeoverTransport {
  if (io.engine === "deno") return denoTransport(new Clock());
  const system = new System(openLibc(io.libcPath));
  return {
    system,
    open(path) {
      if (isLeftSocket(path)) removeDoor(system, path);
      return new DescriptorDoor(system, path);
    },
    connect(path) {
      const channel = connectDescriptorChannel(system, path);
      if (channel === null || channel.isOfThisUser) return Promise.resolve(channel);
      channel.close();
      return Promise.reject(new Error("the process behind it is another user's"));
    },
  };
}

function denoTransport(clock: Clock): TakeoverTransport {
  return {
    system: null,
    open(path) {
      if (isLeftSocket(path)) Deno.removeSync(path);
      return new DenoDoor(clock, path);
    },
    connect: (path) => connectDenoChannel(clock, path),
  };
}

/**
 * Whether there is a socket at a path, which somebody has left who did not close it.
 *
 * @throws {Error} If there is something else, which is not to be removed.
 */
function isLeftSocket(path: string): boolean {
  // On a terminal Deno would ask; what is there is left alone then, and cannot be bound over.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    if (Deno.lstatSync(path).isSocket) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new Error("there is something else at that path");
}
