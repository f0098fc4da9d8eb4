/** The listener: HTTP/1.1 towards clients, guarded, without knowledge of MCP. */
@NullMarked
package dev.shadowcat.gateway.http;

import org.jspecify.annotations.NullMarked;
