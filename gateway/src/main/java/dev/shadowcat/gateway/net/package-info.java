/** The socket transport that the listener and the upstream client share. */
@NullMarked
package dev.shadowcat.gateway.net;

import org.jspecify.annotations.NullMarked;
