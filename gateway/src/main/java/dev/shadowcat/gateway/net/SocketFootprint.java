package dev.shadowcat.gateway.net;

import dev.shadowcat.memory.Footprint;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;

/**
 * What Netty keeps on the heap for one open epoll socket, by the classes of its release: most of them are nobody's to see, so
 * they are named here. What is written and not yet taken by the socket is direct memory and counts elsewhere; so does TLS.
 */
public final class SocketFootprint {
    private static final String CHANNEL = "io.netty.channel.";
    private static final String EPOLL = CHANNEL + "epoll.";
    private static final String CONTEXT = CHANNEL + "DefaultChannelHandlerContext";
    private static final int REGISTRY_SLOTS = 3; // a map of registrations by descriptor, about a third full

    private static final List<String> NAMES = List.of(
            EPOLL + "EpollSocketChannel",
            EPOLL + "EpollSocketChannelConfig",
            EPOLL + "EpollSocketChannel$EpollSocketChannelUnsafe",
            EPOLL + "EpollIoHandler$DefaultEpollIoRegistration",
            EPOLL + "EpollIoOps",
            EPOLL + "EpollRecvByteAllocatorStreamingHandle",
            EPOLL + "EpollRecvByteAllocatorHandle$1",
            EPOLL + "AbstractEpollStreamChannel$1",
            EPOLL + "LinuxSocket",
            CHANNEL + "unix.PreferredDirectByteBufAllocator",
            CHANNEL + "AbstractChannel$CloseFuture",
            CHANNEL + "ChannelOutboundBuffer",
            CHANNEL + "DefaultChannelId",
            CHANNEL + "DefaultChannelPipeline",
            CHANNEL + "DefaultChannelPipeline$HeadContext",
            CHANNEL + "DefaultChannelPipeline$TailContext",
            CHANNEL + "SingleThreadIoEventLoop$IoRegistrationWrapper",
            CHANNEL + "SucceededChannelFuture",
            CHANNEL + "VoidChannelPromise", // of the channel
            CHANNEL + "VoidChannelPromise", // of the pipeline
            CHANNEL + "VoidChannelPromise$1");

    private static final List<String> ADDRESS = List.of(
            "java.net.InetSocketAddress",
            "java.net.InetSocketAddress$InetSocketAddressHolder",
            "java.net.Inet4Address",
            "java.net.InetAddress$InetAddressHolder");

    private static final List<Class<?>> CLASSES = find(NAMES);
    private static final List<Class<?>> ADDRESS_CLASSES = find(ADDRESS);
    private static final List<Class<?>> HANDLER = find(List.of(CONTEXT));

    private SocketFootprint() {}

    /** Adds a socket with its pipeline, without the handlers themselves and without its addresses, which are shared mostly. */
    public static void add(Channel channel, Footprint footprint) {
        CLASSES.forEach(footprint::instance);
        footprint.array(REGISTRY_SLOTS, Integer.BYTES).references(REGISTRY_SLOTS);
        int handlers = channel.pipeline().names().size() - 1; // the tail is named, the head is not
        for (int handler = 0; handler < handlers; handler++) {
            HANDLER.forEach(footprint::instance);
        }
    }

    /** Adds an address that a socket shares with no other. */
    public static void addAddress(Footprint footprint) {
        ADDRESS_CLASSES.forEach(footprint::instance);
    }

    /** The classes that are there: another release of Netty may have others. */
    private static List<Class<?>> find(List<String> names) {
        List<Class<?>> classes = new ArrayList<>();
        for (String name : names) {
            try {
                classes.add(Class.forName(name, false, SocketFootprint.class.getClassLoader()));
            } catch (ClassNotFoundException gone) {
                // Then the sum is short of it, which the test of this release would have told.
            }
        }
        return classes;
    }

    /** Whether every class that is named is there. */
    static boolean complete() {
        return CLASSES.size() == NAMES.size() && ADDRESS_CLASSES.size() == ADDRESS.size() && HANDLER.size() == 1;
    }
}
