package dev.shadowcat.mcp;

/** Writes strings as JSON in one canonical form: equal strings give equal text, always encodable as UTF-8. */
final class JsonText {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private JsonText() {}

    static String quoted(String text) {
        StringBuilder json = new StringBuilder(text.length() + 2);
        quote(text, json);
        return json.toString();
    }

    static void quote(String text, StringBuilder json) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                json.append(c).append(text.charAt(++i));
            } else {
                append(c, json);
            }
        }
        json.append('"');
    }

    private static void append(char c, StringBuilder json) {
        switch (c) {
            case '"' -> json.append("\\\"");
            case '\\' -> json.append("\\\\");
            case '\n' -> json.append("\\n");
            case '\r' -> json.append("\\r");
            case '\t' -> json.append("\\t");
            default -> {
                if (c < 0x20 || Character.isSurrogate(c)) { // a lone surrogate has no UTF-8
                    json.append("\\u").append(HEX[c >> 12]).append(HEX[c >> 8 & 15]);
                    json.append(HEX[c >> 4 & 15]).append(HEX[c & 15]);
                } else {
                    json.append(c);
                }
            }
        }
    }
}
