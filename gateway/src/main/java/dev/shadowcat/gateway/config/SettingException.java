package dev.shadowcat.gateway.config;

/** A setting that breaks a rule. The message names key, rule and value. */
public final class SettingException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String key;
    private final String problem;

    SettingException(String key, String problem) {
        super(key + ": " + problem);
        this.key = key;
        this.problem = problem;
    }

    String key() {
        return key;
    }

    String problem() {
        return problem;
    }

    static void check(boolean holds, String key, String problem) {
        if (!holds) {
            throw new SettingException(key, problem);
        }
    }
}
