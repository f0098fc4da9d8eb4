package dev.shadowcat.gateway.net;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.lang.reflect.Field;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address that many sockets have in common: those of a listener their own one, those to an upstream the upstream's. Netty
 * keeps a copy for each socket, 80 bytes and more, in a field that nobody can set; so it is set past Netty, to an equal one.
 * Where this release of Netty has no such field, each socket keeps its copy and nothing else changes. Any thread.
 */
public final class SharedAddress {
    private static final @Nullable Field LOCAL = field("local");
    private static final @Nullable Field REMOTE = field("remote");

    private volatile @Nullable SocketAddress copy;

    /** Lets a connected socket share its own address. On its loop. */
    public void shareLocal(Channel socket) {
        share(socket, LOCAL);
    }

    /** Lets a connected socket share its peer's address. On its loop. */
    public void shareRemote(Channel socket) {
        share(socket, REMOTE);
    }

    private void share(Channel socket, @Nullable Field field) {
        if (field == null || !(socket instanceof EpollSocketChannel)) {
            return;
        }
        try {
            Object own = field.get(socket);
            SocketAddress known = copy;
            if (own != null && own.equals(known)) {
                field.set(socket, known);
            } else if (own != null) {
                copy = (SocketAddress) own;
            }
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException("an accessible field", impossible);
        }
    }

    private static @Nullable Field field(String name) {
        try {
            Field field =
                    EpollSocketChannel.class.getSuperclass().getSuperclass().getDeclaredField(name);
            field.setAccessible(true);
            return SocketAddress.class.equals(field.getType()) ? field : null;
        } catch (ReflectiveOperationException | RuntimeException otherRelease) {
            return null;
        }
    }
}
