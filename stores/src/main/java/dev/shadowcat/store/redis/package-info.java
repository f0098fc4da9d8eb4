/** The store in a Redis that several nodes share: one server, a Sentinel's master, or a cluster. */
@NullMarked
package dev.shadowcat.store.redis;

import org.jspecify.annotations.NullMarked;
