/** What telemetry may listen to; does nothing by default. */
@NullMarked
package dev.shadowcat.observe;

import org.jspecify.annotations.NullMarked;
