/** This node among others that share its store: its lease, and the way to the node that holds a session. */
@NullMarked
package dev.shadowcat.gateway.node;

import org.jspecify.annotations.NullMarked;
