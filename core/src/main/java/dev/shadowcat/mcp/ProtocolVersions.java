package dev.shadowcat.mcp;

import java.util.List;

/** The revisions of MCP, named by their dates, and what tells them apart on the wire. */
public final class ProtocolVersions {
    /** The two-endpoint transport; not Streamable HTTP. */
    public static final String V2024_11_05 = "2024-11-05";

    public static final String V2025_03_26 = "2025-03-26";

    public static final String V2025_06_18 = "2025-06-18";

    public static final String V2025_11_25 = "2025-11-25";

    /** The revision without sessions: every request says its version in {@code params._meta}. */
    public static final String STATELESS = "2026-07-28";

    /** What a request without an {@code MCP-Protocol-Version} header is taken for (2025-06-18, basic/transports). */
    public static final String ASSUMED = V2025_03_26;

    /** All revisions, oldest first. */
    public static final List<String> ALL = List.of(V2024_11_05, V2025_03_26, V2025_06_18, V2025_11_25, STATELESS);

    /** The revisions with sessions over Streamable HTTP, oldest first. */
    public static final List<String> SESSIONFUL = List.of(V2025_03_26, V2025_06_18, V2025_11_25);

    private ProtocolVersions() {}

    /** Whether there is such a revision: a peer may name any. */
    public static boolean isKnown(String version) {
        return ALL.contains(version);
    }

    /** Whether clients of this revision bear a priming event (an id, empty data): older ones choke on it. */
    public static boolean primes(String version) {
        return V2025_11_25.equals(version);
    }

    /** Whether this revision allows batches: one alone does, those after it refuse them. */
    public static boolean batches(String version) {
        return V2025_03_26.equals(version);
    }

    /** Whether a later request says its version in a header: a server of an older revision may not know it. */
    public static boolean hasVersionHeader(String version) {
        return V2025_06_18.equals(version) || V2025_11_25.equals(version) || STATELESS.equals(version);
    }
}
