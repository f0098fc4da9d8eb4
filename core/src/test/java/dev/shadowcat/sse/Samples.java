package dev.shadowcat.sse;

import java.util.stream.Stream;

/** Event streams as real servers write them, and as the standard allows them. */
final class Samples {
    private Samples() {}

    static Stream<String> streams() {
        return Stream.of(
                // The TypeScript SDK's server: priming, progress, answer.
                "id: 5f2_0\ndata: \n\nevent: message\nid: 5f2_1\ndata: {\"method\":\"notifications/progress\"}\n\n",
                // Python's sse-starlette: CR LF throughout, a ping as a comment.
                "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n\r\n: ping - 2026-11-23\r\n\r\n",
                // Pretty-printed JSON in several lines of data; an id and a wait before it.
                "retry: 3000\nid: a\ndata: {\ndata:   \"id\": 1\ndata: }\n\n",
                // CR alone, mixed line ends, and fields that nobody knows.
                "data: a\r\rdata: b\n\r\ndata: c\r\n\rfoo: bar\rdata\r\r\n\n",
                // A BOM, names that only begin like fields, a field without a colon, an empty id.
                "\ufeffdata: \u00e4\u20ac\ud83d\ude00\ndatax: no\ndat: no\nda\nid\n\nidx: 1\nevent\nevent: e\ndata:\n\n",
                // Comments that look like data, colons in values, two spaces.
                ":data: no\n:\ndata:: x\ndata:  y\nid:a:b\n\n:x\r\r",
                // A BOM that is none, because it stands on a later line.
                "data: a\n\ufeffdata: b\n\n\ufeff\ndata: c\n\n",
                // An id with NUL, waits that are none, an unfinished end.
                "id: 1\0\ndata: z\nretry: x\nretry:12\n\nid: 9\ndata: lost");
    }
}
