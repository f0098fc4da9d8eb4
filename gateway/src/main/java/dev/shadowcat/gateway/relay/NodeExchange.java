package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ForwardingExchange;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.gateway.node.OtherNodes;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;

/** A request that another node sent on: its answer carries the word of nodes, so that no stranger at this address is believed. */
final class NodeExchange extends ForwardingExchange {
    private final String word;

    NodeExchange(Exchange exchange, OtherNodes others) {
        super(exchange);
        this.word = others.word();
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        super.respond(status, headers.set(OtherNodes.HEADER, word), body);
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        return super.startStream(status, headers.set(OtherNodes.HEADER, word), longLived);
    }
}
