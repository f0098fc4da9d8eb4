/** Where sessions, streams and events are kept: the SPI, its records and outcomes, and the in-memory store. */
@NullMarked
package dev.shadowcat.store;

import org.jspecify.annotations.NullMarked;
