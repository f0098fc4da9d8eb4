package dev.shadowcat.mcp;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;

/** The one factory of parsers, and what is read alike in many places. */
final class Json {
    /**
     * The longest member name that the shared table of names takes: it keeps up to 6,000 of the names that strangers send,
     * and of 50,000 characters each (Jackson's own bound) they would be 300 MB.
     */
    private static final int MAX_SHARED_NAME = 256;

    private static final JsonFactory SHARED = factory(new MessageLimits(MAX_SHARED_NAME));

    private Json() {}

    /**
     * A parser that shares its table of names with all others, which is what makes it fast. Names that are very long, or
     * made to collide in the table, fail it with a {@link tools.jackson.core.exc.StreamConstraintsException} though nothing
     * is wrong with the message: then {@link #secludedParser} has the last word.
     */
    static JsonParser parser(byte[] buffer, int offset, int length) {
        return SHARED.createParser(ObjectReadContext.empty(), buffer, offset, length);
    }

    /** A parser with a table of names of its own. */
    static JsonParser secludedParser(byte[] buffer, int offset, int length) {
        return factory(new MessageLimits(MessageLimits.MAX_NAME))
                .createParser(ObjectReadContext.empty(), buffer, offset, length);
    }

    private static JsonFactory factory(MessageLimits limits) {
        return JsonFactory.builder()
                // UTF-8 is the only encoding (2025-11-25, basic/transports); a guessed UTF-16 would put all spans
                // wrong.
                .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
                .recyclerPool(JsonRecyclerPools.threadLocalPool())
                .streamReadConstraints(limits)
                .build();
    }

    /** Where the current token begins, counted from where the parser began. */
    static int tokenStart(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset();
    }

    /** Where the parser stands, counted from where it began: the end of the current token once its value was asked for. */
    static int position(JsonParser parser) {
        return (int) parser.currentLocation().getByteOffset();
    }

    /** The current token if it is a string; otherwise null, with what is inside the token skipped. */
    static @Nullable String text(JsonParser parser) {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return parser.getString();
        }
        parser.skipChildren();
        return null;
    }

    /** The same where it is so long at most. */
    static @Nullable String text(JsonParser parser, int maxChars) {
        boolean tooLong = parser.currentToken() == JsonToken.VALUE_STRING && parser.getStringLength() > maxChars;
        return tooLong ? null : text(parser);
    }

    /** The current token as canonical JSON text if it is a string or an integer, however that is written; otherwise null, with what is inside skipped. */
    static @Nullable String scalar(JsonParser parser) {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return JsonText.quoted(parser.getString());
        }
        return integer(parser);
    }

    /** The current token's digits if it is an integer, however that is written; otherwise null, with what is inside skipped. */
    static @Nullable String integer(JsonParser parser) {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            String digits = parser.getString();
            return digits.equals("-0") ? "0" : digits; // peers write back what they read, and none keeps the sign
        }
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
            return integer(parser.getString());
        }
        parser.skipChildren();
        return null;
    }

    /** A number with a zero fraction is an integer (JSON Schema 2020-12, Validation 6.1.1), and most peers read it as one. */
    private static @Nullable String integer(String number) {
        try {
            BigDecimal value = new BigDecimal(number).stripTrailingZeros();
            boolean whole = value.scale() <= 0 && value.precision() - (long) value.scale() <= MessageLimits.MAX_DIGITS;
            return whole ? value.toBigIntegerExact().toString() : null;
        } catch (NumberFormatException outOfRange) {
            return null;
        }
    }
}
