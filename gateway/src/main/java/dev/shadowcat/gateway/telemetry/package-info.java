/** Metrics and traces. */
@NullMarked
package dev.shadowcat.gateway.telemetry;

import org.jspecify.annotations.NullMarked;
