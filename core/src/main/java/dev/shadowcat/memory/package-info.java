/** What sessions take in memory: one copy of what repeats, and a count of what does not. */
@NullMarked
package dev.shadowcat.memory;

import org.jspecify.annotations.NullMarked;
