/** A small MCP server to try things with. */
@NullMarked
package dev.shadowcat.gateway.demo;

import org.jspecify.annotations.NullMarked;
