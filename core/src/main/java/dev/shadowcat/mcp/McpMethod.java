package dev.shadowcat.mcp;

import org.jspecify.annotations.Nullable;

/** The method names of all revisions of MCP, each as one String that every message of the method shares. */
public final class McpMethod {
    public static final String INITIALIZE = "initialize";
    public static final String PING = "ping";
    public static final String TOOLS_LIST = "tools/list";
    public static final String TOOLS_CALL = "tools/call";
    public static final String PROMPTS_LIST = "prompts/list";
    public static final String PROMPTS_GET = "prompts/get";
    public static final String RESOURCES_LIST = "resources/list";
    public static final String RESOURCES_TEMPLATES_LIST = "resources/templates/list";
    public static final String RESOURCES_READ = "resources/read";
    public static final String RESOURCES_SUBSCRIBE = "resources/subscribe";
    public static final String RESOURCES_UNSUBSCRIBE = "resources/unsubscribe";
    public static final String COMPLETION_COMPLETE = "completion/complete";
    public static final String LOGGING_SET_LEVEL = "logging/setLevel";
    public static final String ROOTS_LIST = "roots/list";
    public static final String SAMPLING_CREATE_MESSAGE = "sampling/createMessage";
    public static final String ELICITATION_CREATE = "elicitation/create";
    public static final String TASKS_GET = "tasks/get";
    public static final String TASKS_RESULT = "tasks/result";
    public static final String TASKS_LIST = "tasks/list";
    public static final String TASKS_CANCEL = "tasks/cancel";
    public static final String TASKS_UPDATE = "tasks/update";
    public static final String SERVER_DISCOVER = "server/discover";
    public static final String SUBSCRIPTIONS_LISTEN = "subscriptions/listen";
    public static final String INITIALIZED = "notifications/initialized";
    public static final String CANCELLED = "notifications/cancelled";
    public static final String PROGRESS = "notifications/progress";
    public static final String MESSAGE = "notifications/message";
    public static final String TOOLS_LIST_CHANGED = "notifications/tools/list_changed";
    public static final String PROMPTS_LIST_CHANGED = "notifications/prompts/list_changed";
    public static final String RESOURCES_LIST_CHANGED = "notifications/resources/list_changed";
    public static final String RESOURCES_UPDATED = "notifications/resources/updated";
    public static final String ROOTS_LIST_CHANGED = "notifications/roots/list_changed";
    public static final String ELICITATION_COMPLETE = "notifications/elicitation/complete";
    public static final String TASKS_STATUS = "notifications/tasks/status";
    public static final String SUBSCRIPTIONS_ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

    private static final String[] KNOWN = {
        INITIALIZE,
        PING,
        TOOLS_LIST,
        TOOLS_CALL,
        PROMPTS_LIST,
        PROMPTS_GET,
        RESOURCES_LIST,
        RESOURCES_TEMPLATES_LIST,
        RESOURCES_READ,
        RESOURCES_SUBSCRIBE,
        RESOURCES_UNSUBSCRIBE,
        COMPLETION_COMPLETE,
        LOGGING_SET_LEVEL,
        ROOTS_LIST,
        SAMPLING_CREATE_MESSAGE,
        ELICITATION_CREATE,
        TASKS_GET,
        TASKS_RESULT,
        TASKS_LIST,
        TASKS_CANCEL,
        TASKS_UPDATE,
        SERVER_DISCOVER,
        SUBSCRIPTIONS_LISTEN,
        INITIALIZED,
        CANCELLED,
        PROGRESS,
        MESSAGE,
        TOOLS_LIST_CHANGED,
        PROMPTS_LIST_CHANGED,
        RESOURCES_LIST_CHANGED,
        RESOURCES_UPDATED,
        ROOTS_LIST_CHANGED,
        ELICITATION_COMPLETE,
        TASKS_STATUS,
        SUBSCRIPTIONS_ACKNOWLEDGED,
    };

    private static final int SLOTS =
            256; // a power of two, sparse enough that a probe rarely goes further than one slot
    private static final @Nullable String[] TABLE = new @Nullable String[SLOTS];

    static {
        for (String method : KNOWN) {
            int slot = hash(method.toCharArray(), 0, method.length());
            while (TABLE[slot] != null) {
                slot = (slot + 1) & (SLOTS - 1);
            }
            TABLE[slot] = method;
        }
    }

    private McpMethod() {}

    /** The shared String of a known method; a new one for any other, so that peers cannot fill the table. */
    static String of(char[] chars, int offset, int length) {
        int slot = hash(chars, offset, length);
        for (String known = TABLE[slot]; known != null; known = TABLE[slot]) {
            if (matches(known, chars, offset, length)) {
                return known;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        return new String(chars, offset, length);
    }

    /** Whether it is one of them. */
    public static boolean isKnown(String method) {
        for (String known : KNOWN) {
            if (known.equals(method)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it is safe to send twice: it only reads. */
    public static boolean reads(String method) {
        return switch (method) {
            case PING,
                    TOOLS_LIST,
                    PROMPTS_LIST,
                    PROMPTS_GET,
                    RESOURCES_LIST,
                    RESOURCES_TEMPLATES_LIST,
                    RESOURCES_READ,
                    COMPLETION_COMPLETE -> true;
            default -> false;
        };
    }

    private static int hash(char[] chars, int offset, int length) {
        int hash = length;
        for (int i = offset; i < offset + length; i++) {
            hash = hash * 31 + chars[i];
        }
        return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1);
    }

    private static boolean matches(String known, char[] chars, int offset, int length) {
        if (known.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (known.charAt(i) != chars[offset + i]) {
                return false;
            }
        }
        return true;
    }
}
