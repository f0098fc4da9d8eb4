/** The bounded queue and the one worker that writes to the store. */
@NullMarked
package dev.shadowcat.persist;

import org.jspecify.annotations.NullMarked;
