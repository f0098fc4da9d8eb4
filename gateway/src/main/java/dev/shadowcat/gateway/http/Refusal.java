package dev.shadowcat.gateway.http;

/**
 * Why the listener itself does not serve a request; it closes the connection then.
 *
 * @param message for the client; it quotes nothing of what the client sent
 */
record Refusal(int status, String message) {}
