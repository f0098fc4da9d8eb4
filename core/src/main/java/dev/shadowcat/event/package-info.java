/** Event ids, events, cursors, and the tracker that numbers a stream. */
@NullMarked
package dev.shadowcat.event;

import org.jspecify.annotations.NullMarked;
