/** Sessions and their streams in motion. */
@NullMarked
package dev.shadowcat.session;

import org.jspecify.annotations.NullMarked;
