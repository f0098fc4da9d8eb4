/** The store that nodes share in a PostgreSQL database. */
@NullMarked
package dev.shadowcat.store.postgres;

import org.jspecify.annotations.NullMarked;
