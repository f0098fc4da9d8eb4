package dev.shadowcat.mcp;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;

/** The bounds that every message must keep, each told in the words that its sender is answered with. */
final class MessageLimits extends StreamReadConstraints {
    /** Objects and arrays inside one another: more than any real message has, far less than what exhausts a peer's stack. */
    static final int MAX_DEPTH = 500;

    /** Characters of a number. */
    static final int MAX_DIGITS = 1_000;

    /** Characters of a member's name. */
    static final int MAX_NAME = 50_000;

    private static final long serialVersionUID = 1;

    private final int longestName;

    /** @param longestName at most {@link #MAX_NAME} */
    MessageLimits(int longestName) {
        super(MAX_DEPTH, DEFAULT_MAX_DOC_LEN, DEFAULT_MAX_TOKEN_COUNT, MAX_DIGITS, DEFAULT_MAX_STRING_LEN, longestName);
        this.longestName = longestName;
    }

    @Override
    public void validateNestingDepth(int depth) {
        require(depth <= MAX_DEPTH, "A message must be nested at most " + MAX_DEPTH + " deep.");
    }

    @Override
    public void validateIntegerLength(int length) {
        require(length <= MAX_DIGITS, "A number must have at most " + MAX_DIGITS + " digits.");
    }

    @Override
    public void validateFPLength(int length) {
        validateIntegerLength(length);
    }

    @Override
    public void validateNameLength(int length) {
        require(length <= longestName, "A member's name must be at most " + MAX_NAME + " characters long.");
    }

    private static void require(boolean met, String otherwise) {
        if (!met) {
            throw new StreamConstraintsException(otherwise);
        }
    }
}
