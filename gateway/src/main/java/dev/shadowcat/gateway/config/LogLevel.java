package dev.shadowcat.gateway.config;

/** What is logged: the level and everything graver. */
public enum LogLevel {
    DEBUG,
    INFO,
    WARN,
    ERROR,
}
