/** What tests of several modules share: the store contract, a clock set by hand, a store that fails on demand. */
@NullMarked
package dev.shadowcat.testkit;

import org.jspecify.annotations.NullMarked;
