/**
 * A socket of the epoll engine on a kernel that answers as a test says.
 *
 * @module
 */
import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import { EpollConnection } from "../../../src/net/epoll/epoll_socket.ts";
import { EPOLLET, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from "../../../src/net/epoll/libc.ts";
import { FakeEpollLoop } from "../fakes/fake_epoll_loop.ts";
import { RecordingByteReceiver } from "../fakes/recording_byte_receiver.ts";

/** The descriptor of the socket. */
export const DESCRIPTOR = 7;
/** What every socket is waited for, from its first resume() to its end. */
export const EDGES: number = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/** The socket, what it reads into and what it writes from. */
export class EpollScene {
  readonly loop = new FakeEpollLoop();
  readonly system = this.loop.system;
  readonly receiver = new RecordingByteReceiver();
  readonly log = new SendLog(new ChunkPool());
  readonly socket = new EpollConnection(this.loop.asLoop, DESCRIPTOR).open(this.receiver, this.log);

  append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.log.append(bytes, 0, bytes.length);
  }

  /** What the socket waits for. */
  get interest(): number | undefined {
    return this.loop.interests.get(DESCRIPTOR);
  }

  /** What the loop says is ready. */
  events(events: number): void {
    this.loop.handlers.get(DESCRIPTOR)!.onEvents(events);
  }
}
