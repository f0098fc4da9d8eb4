package dev.shadowcat.gateway.config;

/**
 * A setting's text as someone gave it.
 *
 * @param text items of a list are joined by line breaks
 * @param origin where it stands, as a user would look for it: {@code shadowcat.yaml:3: queue.capacity}, {@code --queue-capacity}
 */
record Given(String text, String origin) {}
