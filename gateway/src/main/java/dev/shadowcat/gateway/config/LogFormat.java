package dev.shadowcat.gateway.config;

/** How log lines look. */
public enum LogFormat {
    /** For people. */
    TEXT,
    /** For machines: an object of JSON in each line. */
    JSON,
}
