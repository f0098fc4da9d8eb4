/** Settings from flags, environment, file and defaults, checked once. */
@NullMarked
package dev.shadowcat.gateway.config;

import org.jspecify.annotations.NullMarked;
