package dev.shadowcat.store.postgres;

import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * What a node's row says while all that the node learned of its sessions holds.
 *
 * @param value another one whenever one of them was taken or ended by somebody else
 * @param serverStart when the server was started: another server may lack what this one acknowledged
 */
record Fence(UUID value, OffsetDateTime serverStart) {}
