/** The JSON-RPC envelope of MCP, read without parsing the payload; eras and protocol errors. */
@NullMarked
package dev.shadowcat.mcp;

import org.jspecify.annotations.NullMarked;
