package dev.shadowcat.mcp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/** Sets text members of {@code params._meta} in a request or notification, and leaves every other byte as it was. */
public final class MetaEditor {
    private final JsonParser parser;
    private final Map<String, String> members;
    private final List<Edit> edits = new ArrayList<>(4);

    /** Other text in the place of a span, empty where the text is inserted. */
    private record Edit(int start, int end, String text) {}

    private MetaEditor(JsonParser parser, Map<String, String> members) {
        this.parser = parser;
        this.members = members;
    }

    /**
     * Copies a message with these members in its {@code params._meta}; both objects are made where they are not there. A
     * {@code _meta} that is no object is left to the peers to judge.
     *
     * @param message one that {@link MessageReader} knew as a request or notification
     * @param members by name; one with an empty text takes the place of an old one and is not added
     */
    public static byte[] set(byte[] message, Map<String, String> members) {
        List<Edit> edits;
        try {
            edits = edits(Json.parser(message, 0, message.length), members);
        } catch (StreamConstraintsException unusual) {
            edits = edits(Json.secludedParser(message, 0, message.length), members);
        } catch (JacksonException notJson) {
            throw new IllegalArgumentException("message: must be one that was read before", notJson);
        }
        return edits.isEmpty() ? message : edited(message, edits);
    }

    private static List<Edit> edits(JsonParser parser, Map<String, String> members) {
        try (parser) {
            MetaEditor editor = new MetaEditor(parser, members);
            editor.message();
            return editor.edits;
        }
    }

    private void message() {
        parser.nextToken();
        boolean found = false;
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken value = parser.nextToken();
            if (member.equals("params")) {
                found = true;
                params(value);
            } else {
                parser.skipChildren();
            }
        }
        if (!found) {
            insert(Json.tokenStart(parser), ",\"params\":{\"_meta\":" + object() + "}");
        }
    }

    private void params(JsonToken value) {
        if (value != JsonToken.START_OBJECT) {
            replaceNull(value, "{\"_meta\":" + object() + "}");
            return;
        }
        int begin = Json.position(parser);
        boolean empty = true;
        boolean found = false;
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken inner = parser.nextToken();
            empty = false;
            if (member.equals("_meta")) {
                found = true;
                meta(inner);
            } else {
                parser.skipChildren();
            }
        }
        if (!found) {
            insert(begin, "\"_meta\":" + object() + (empty ? "" : ","));
        }
    }

    private void meta(JsonToken value) {
        if (value != JsonToken.START_OBJECT) {
            replaceNull(value, object());
            return;
        }
        int begin = Json.position(parser);
        boolean empty = true;
        Set<String> known = new HashSet<>();
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            parser.nextToken();
            empty = false;
            String text = members.get(member);
            if (text == null) {
                parser.skipChildren();
                continue;
            }
            known.add(member);
            int start = Json.tokenStart(parser);
            edits.add(new Edit(start, endOfValue(), JsonText.quoted(text)));
        }
        String added = list(known);
        if (!added.isEmpty()) {
            insert(begin, added + (empty ? "" : ","));
        }
    }

    private int endOfValue() {
        if (parser.currentToken().isScalarValue()) {
            parser.getString();
        } else {
            parser.skipChildren();
        }
        return Json.position(parser);
    }

    private void replaceNull(JsonToken value, String text) {
        if (value == JsonToken.VALUE_NULL) {
            int start = Json.tokenStart(parser);
            edits.add(new Edit(start, start + "null".length(), text));
            return;
        }
        parser.skipChildren();
    }

    private void insert(int at, String text) {
        edits.add(new Edit(at, at, text));
    }

    private String object() {
        return "{" + list(Set.of()) + "}";
    }

    private String list(Set<String> known) {
        StringBuilder json = new StringBuilder(128);
        for (Map.Entry<String, String> member : members.entrySet()) {
            if (!member.getValue().isEmpty() && !known.contains(member.getKey())) {
                json.append(json.isEmpty() ? "" : ",");
                JsonText.quote(member.getKey(), json);
                json.append(':');
                JsonText.quote(member.getValue(), json);
            }
        }
        return json.toString();
    }

    private static byte[] edited(byte[] message, List<Edit> edits) {
        List<Edit> inOrder = edits.stream()
                .sorted((a, b) -> Integer.compare(a.start(), b.start()))
                .toList();
        List<byte[]> texts = new ArrayList<>(inOrder.size());
        int length = message.length;
        for (Edit edit : inOrder) {
            byte[] text = edit.text().getBytes(StandardCharsets.UTF_8);
            texts.add(text);
            length += text.length - (edit.end() - edit.start());
        }
        byte[] edited = new byte[length];
        int from = 0;
        int to = 0;
        for (int i = 0; i < texts.size(); i++) {
            Edit edit = inOrder.get(i);
            byte[] text = texts.get(i);
            System.arraycopy(message, from, edited, to, edit.start() - from);
            to += edit.start() - from;
            System.arraycopy(text, 0, edited, to, text.length);
            to += text.length;
            from = edit.end();
        }
        System.arraycopy(message, from, edited, to, message.length - from);
        return edited;
    }
}
