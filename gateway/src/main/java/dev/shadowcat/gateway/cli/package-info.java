/** The command line. */
@NullMarked
package dev.shadowcat.gateway.cli;

import org.jspecify.annotations.NullMarked;
