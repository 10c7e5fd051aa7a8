import { EpollEngine } from "../../../../src/net/epoll/epoll_engine.ts";
import { testIoEngineContract } from "../../../contract/io_engine_contract.ts";
import { libcPath } from "../../../support/tools/libc_path.ts";

testIoEngineContract("epoll", (clock) => new EpollEngine(libcPath, clock));
