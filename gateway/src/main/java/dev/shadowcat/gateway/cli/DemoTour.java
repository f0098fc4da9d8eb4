package dev.shadowcat.gateway.cli;

import java.util.List;

/** What a user pastes into another terminal to see a drop and a resume. Each command works as it stands; each was run by hand. */
final class DemoTour {
    private DemoTour() {}

    static List<String> lines(String url) {
        return """

                Paste into another terminal, one block after the other:

                # 1. Open a session.
                SESSION=$(curl -s -D - -o /dev/null URL -H 'Content-Type: application/json' \\
                  -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{
                  "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}' \\
                  | tr -d '\\r' | awk 'tolower($1) == "mcp-session-id:" { print $2 }'); echo "session $SESSION"

                # 2. Call a tool that takes ten seconds. Press Ctrl-C after some steps: the connection is gone, the call is not.
                curl -sN URL -H "Mcp-Session-Id: $SESSION" -H 'MCP-Protocol-Version: 2025-11-25' \\
                  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\
                  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow",
                  "arguments":{"steps":20,"millis":500},"_meta":{"progressToken":"p"}}}' | tee /tmp/shadowcat-demo.txt

                # 3. Come back with the last event id that you saw: what you missed comes first, then the rest, live.
                curl -sN URL -H "Mcp-Session-Id: $SESSION" -H 'MCP-Protocol-Version: 2025-11-25' \\
                  -H 'Accept: text/event-stream' \\
                  -H "Last-Event-ID: $(awk '$1 == "id:" { id = $2 } END { print id }' /tmp/shadowcat-demo.txt)"

                Ctrl-C here ends the demo.""".replace("URL", url).lines().toList();
    }
}
