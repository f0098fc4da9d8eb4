/** Server-sent events on the wire: decoder and encoder. */
@NullMarked
package dev.shadowcat.sse;

import org.jspecify.annotations.NullMarked;
