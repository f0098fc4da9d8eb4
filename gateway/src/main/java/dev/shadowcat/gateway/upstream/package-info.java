/** The Netty client towards upstreams: pooled connections, and what became of a request. */
@NullMarked
package dev.shadowcat.gateway.upstream;

import org.jspecify.annotations.NullMarked;
