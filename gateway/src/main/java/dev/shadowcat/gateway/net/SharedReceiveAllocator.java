package dev.shadowcat.gateway.net;

import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * Receive buffers of one size, with one handle for all channels of an event loop instead of one for each: 72 bytes a socket.
 * Sound because a handle's state begins and ends with one round of reading, and a loop reads one channel at a time.
 */
@SuppressWarnings("deprecation") // Handle, which the allocator's own interface names
public final class SharedReceiveAllocator extends FixedRecvByteBufAllocator {
    private final FastThreadLocal<Handle> handles = new FastThreadLocal<>() {
        @Override
        protected Handle initialValue() {
            return newOwnHandle();
        }
    };

    /** @param bytes that one read takes at most */
    public SharedReceiveAllocator(int bytes) {
        super(bytes);
    }

    private Handle newOwnHandle() {
        return super.newHandle();
    }

    @Override
    public Handle newHandle() {
        return handles.get();
    }
}
