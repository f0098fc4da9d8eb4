package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.net.Transport;

/** The same where epoll is missing. */
class NioCallTest extends CallTest {
    @Override
    Transport transport() {
        return Transport.NIO;
    }
}
