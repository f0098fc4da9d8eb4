/** How the stores keep the records of sessions and streams; each store has its own way with events. */
@NullMarked
package dev.shadowcat.store.format;

import org.jspecify.annotations.NullMarked;
