/** What Shadowcat costs: a fast upstream, a load generator that costs much less than what it measures, and their reports. */
@NullMarked
package dev.shadowcat.benchmarks;

import org.jspecify.annotations.NullMarked;
