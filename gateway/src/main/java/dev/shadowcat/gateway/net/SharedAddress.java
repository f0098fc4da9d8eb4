package dev.shadowcat.gateway.net;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.lang.reflect.Field;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address that many sockets have in common: those of a listener their own one, those to an upstream the upstream's. Netty
 * keeps a copy for each socket, 80 bytes and more, in a field that nobody can set; so it is set past Netty, to an equal one.
 * The addresses that no two sockets have in common are the client's, which is told to the upstream, and our own towards an upstream,
 * which nobody asks for: that one is taken away.
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

    /** Lets a connected socket forget its own address: asked for it, it knows none. On its loop. */
    public static void forgetLocal(Channel socket) {
        if (LOCAL != null && socket instanceof EpollSocketChannel) {
            set(socket, LOCAL, null);
        }
    }

    private void share(Channel socket, @Nullable Field field) {
        if (field == null || !(socket instanceof EpollSocketChannel)) {
            return;
        }
        SocketAddress own = get(socket, field);
        SocketAddress known = copy;
        if (own != null && own.equals(known)) {
            set(socket, field, known);
        } else if (own != null) {
            copy = own;
        }
    }

    private static @Nullable SocketAddress get(Channel socket, Field field) {
        try {
            return (SocketAddress) field.get(socket);
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException("an accessible field", impossible);
        }
    }

    private static void set(Channel socket, Field field, @Nullable SocketAddress address) {
        try {
            field.set(socket, address);
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
