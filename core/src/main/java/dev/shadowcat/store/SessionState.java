package dev.shadowcat.store;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Interner;
import dev.shadowcat.memory.Measured;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What changes in a session while it lives; each change is stored whole.
 *
 * @param generation counts the upstream sessions behind this session, from 1
 * @param upstreamSession the upstream's session id of this generation, null where it minted none
 * @param affinityCookies cookies of the upstream's load balancer, as a Cookie header's value; null without any
 * @param initialized whether the client's {@code notifications/initialized} went through
 * @param logLevel the level that the client set last, null where it set none
 * @param subscriptions the resource URIs that the client is subscribed to
 * @param credentials who may use the session
 * @param streamLimit stream numbers below it may be in use; numbering goes on from here after a restart
 * @param bootEpoch the store's boot epoch when this was written; an older one means that numbering has to leap
 * @param owner the node that holds the session
 */
public record SessionState(
        int generation,
        @Nullable String upstreamSession,
        @Nullable String affinityCookies,
        boolean initialized,
        @Nullable String logLevel,
        List<String> subscriptions,
        CredentialBinding credentials,
        int streamLimit,
        int bootEpoch,
        Owner owner)
        implements Measured {
    public SessionState {
        subscriptions = List.copyOf(subscriptions);
    }

    /** The same with one copy of what repeats in many sessions. */
    public SessionState shared(Interner texts) {
        return new SessionState(
                generation,
                upstreamSession,
                texts.shareAny(affinityCookies),
                initialized,
                texts.shareAny(logLevel),
                subscriptions,
                credentials.shared(texts),
                streamLimit,
                bootEpoch,
                owner);
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).text(upstreamSession).list(subscriptions).measured(credentials);
        subscriptions.forEach(footprint::text);
    }

    /** The same with a new upstream session, the next generation. */
    public SessionState withUpstreamSession(@Nullable String session, @Nullable String cookies) {
        return new SessionState(
                generation + 1,
                session,
                cookies,
                initialized,
                logLevel,
                subscriptions,
                credentials,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same, with the client's {@code notifications/initialized} gone through. */
    public SessionState withInitialized() {
        return new SessionState(
                generation,
                upstreamSession,
                affinityCookies,
                true,
                logLevel,
                subscriptions,
                credentials,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same with another log level. */
    public SessionState withLogLevel(String level) {
        return new SessionState(
                generation,
                upstreamSession,
                affinityCookies,
                initialized,
                level,
                subscriptions,
                credentials,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same with other subscriptions. */
    public SessionState withSubscriptions(List<String> uris) {
        return new SessionState(
                generation,
                upstreamSession,
                affinityCookies,
                initialized,
                logLevel,
                uris,
                credentials,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same with other credentials. */
    public SessionState withCredentials(CredentialBinding binding) {
        return new SessionState(
                generation,
                upstreamSession,
                affinityCookies,
                initialized,
                logLevel,
                subscriptions,
                binding,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same with other affinity cookies. */
    public SessionState withAffinityCookies(@Nullable String cookies) {
        return new SessionState(
                generation,
                upstreamSession,
                cookies,
                initialized,
                logLevel,
                subscriptions,
                credentials,
                streamLimit,
                bootEpoch,
                owner);
    }

    /** The same with a higher stream limit. */
    public SessionState withStreamLimit(int limit) {
        return new SessionState(
                generation,
                upstreamSession,
                affinityCookies,
                initialized,
                logLevel,
                subscriptions,
                credentials,
                limit,
                bootEpoch,
                owner);
    }
}
