import { EpollEngine } from "../../../../src/net/epoll/epoll_engine.ts";
import { testIoEngineOverTls } from "../../../contract/io_engine_contract.ts";
import { testIoTlsContract } from "../../../contract/io_tls_contract.ts";
import { libcPath, libsslPath } from "../../../support/tools/libc_path.ts";

testIoEngineOverTls("epoll", (clock) => new EpollEngine(libcPath, clock, libsslPath), true);
testIoTlsContract("epoll", (clock) => new EpollEngine(libcPath, clock, libsslPath));
