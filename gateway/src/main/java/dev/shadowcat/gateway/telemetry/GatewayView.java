package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.List;

/** What operators may see of a running gateway. */
public interface GatewayView {
    /** Why the gateway does less than it should, one line each; empty when all is well. Any thread; does not block. */
    List<String> degraded();

    /**
     * Reads the settings again and takes over what a running gateway can. Any thread; blocks on reading the file.
     *
     * @return what changed, in one line
     * @throws IllegalArgumentException where a setting is wrong; nothing is taken over then
     */
    String reload();

    /** Where sessions and events are kept; its methods block. */
    EventStore store();

    /** Client connections open on a session's streams now. Any thread; does not block. */
    int openStreams(SessionId session);
}
