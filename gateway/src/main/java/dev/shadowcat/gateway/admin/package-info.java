/** The admin port: health, readiness, metrics, sessions. */
@NullMarked
package dev.shadowcat.gateway.admin;

import org.jspecify.annotations.NullMarked;
