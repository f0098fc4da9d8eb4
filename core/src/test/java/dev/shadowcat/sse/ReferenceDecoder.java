package dev.shadowcat.sse;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The grammar of the standard word by word, over a whole stream at once: slow, short, and what the decoder must equal. */
final class ReferenceDecoder {
    private final List<String> found = new ArrayList<>();
    private StringBuilder data = new StringBuilder();
    private String type = "";
    private @Nullable String ownId;
    private String lastEventId = "";

    /** What a stream holds, each event and retry as one line of text. */
    static List<String> decode(byte[] stream) {
        ReferenceDecoder decoder = new ReferenceDecoder();
        // One char for each byte: no line end and no field name is hidden inside a longer character.
        String text = new String(stream, StandardCharsets.ISO_8859_1);
        if (text.startsWith("\u00ef\u00bb\u00bf")) {
            text = text.substring(3);
        }
        String[] lines = text.split("\r\n|\n|\r", -1);
        for (int i = 0; i < lines.length - 1; i++) { // the last one has no end
            decoder.line(lines[i]);
        }
        return decoder.found;
    }

    private void line(String line) {
        int colon = line.indexOf(':');
        if (line.isEmpty()) {
            dispatch();
        } else if (colon < 0) {
            field(line, "");
        } else if (colon > 0) {
            String value = line.substring(colon + 1);
            field(line.substring(0, colon), value.startsWith(" ") ? value.substring(1) : value);
        }
    }

    private void field(String name, String value) {
        if (name.equals("event")) {
            type = value;
        } else if (name.equals("data")) {
            data.append(value).append('\n');
        } else if (name.equals("id") && value.indexOf('\0') < 0) {
            ownId = value;
            lastEventId = value;
        } else if (name.equals("retry") && value.matches("[0-9]{1,18}")) {
            found.add("retry " + Long.parseLong(value));
        }
    }

    private void dispatch() {
        if (!data.isEmpty() || ownId != null) { // the departure: an id alone is told too
            String joined = data.isEmpty() ? "" : data.substring(0, data.length() - 1);
            found.add(describe(type.isEmpty() ? "message" : utf8(type), joined, ownId, lastEventId));
        }
        data = new StringBuilder();
        type = "";
        ownId = null;
    }

    private static String describe(String type, String data, @Nullable String ownId, String lastEventId) {
        return "event " + type + " own=" + (ownId == null ? null : utf8(ownId)) + " last=" + utf8(lastEventId) + " "
                + data;
    }

    /** The same line of text for an event that the decoder found. */
    static String describe(SseEvent event) {
        return "event " + event.type() + " own=" + event.ownId() + " last=" + event.lastEventId() + " "
                + new String(event.data(), StandardCharsets.ISO_8859_1);
    }

    private static String utf8(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
