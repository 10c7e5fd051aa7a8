import {
  createDescriptorMemory,
  DescriptorBook,
  DESCRIPTORS_MAX,
} from "../../../../src/net/epoll/descriptor_book.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("what one side notes the other reads", () => {
  const memory = createDescriptorMemory();
  const [own, other] = [new DescriptorBook(memory), new DescriptorBook(memory)];
  assertEquals([other.threadId, other.list()], [0, []]);
  own.threadId = 4711;
  for (const descriptor of [0, 31, 32, 63, 1000, DESCRIPTORS_MAX - 1]) own.note(descriptor);
  own.note(31);
  assertEquals([other.threadId, other.list()], [4711, [0, 31, 32, 63, 1000, DESCRIPTORS_MAX - 1]]);
  for (const descriptor of [31, 32, DESCRIPTORS_MAX - 1, 5]) own.forget(descriptor);
  assertEquals(other.list(), [0, 63, 1000]);
});

Deno.test("numbers beyond what is noted change nothing", () => {
  const book = new DescriptorBook(createDescriptorMemory());
  book.note(DESCRIPTORS_MAX);
  book.forget(DESCRIPTORS_MAX);
  assertEquals(book.list(), []);
});
