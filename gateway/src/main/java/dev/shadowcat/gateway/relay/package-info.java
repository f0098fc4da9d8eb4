/** Sessions in motion between a client and an upstream: the delivery contract on the wire. */
@NullMarked
package dev.shadowcat.gateway.relay;

import org.jspecify.annotations.NullMarked;
