package dev.shadowcat.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps new connections from a listening socket that is about to be closed, and lets those become whole that have begun. The kernel resets
 * what waits to be taken when such a socket closes, request and all; whoever only asked for a connection asks once more a second later, and
 * is refused then. By a classic BPF program (linux/filter.h) that drops each segment with SYN and without ACK, so on Linux and with epoll
 * alone.
 */
public final class SynFilter {
    private static final Logger log = LoggerFactory.getLogger(SynFilter.class);

    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;

    private static final int LOAD_BYTE = 0x30; // BPF_LD | BPF_B | BPF_ABS
    private static final int AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
    private static final int JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private static final int RETURN = 0x06; // BPF_RET | BPF_K

    private static final int FLAGS = 13; // where they are in a TCP header
    private static final int SYN = 0x02;
    private static final int SYN_AND_ACK = 0x12;
    private static final int WHOLE = -1; // of a segment, how much passes

    private static final int INSTRUCTIONS = 5;
    private static final int INSTRUCTION_BYTES = 8; // struct sock_filter
    private static final int PROGRAM_BYTES = 16; // struct sock_fprog: a count, and at 8 where the instructions are
    private static final RawUnixChannelOption ATTACH =
            new RawUnixChannelOption("SO_ATTACH_FILTER", SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM_BYTES);

    private SynFilter() {}

    /** From now on the socket gets no new connection. Any thread. */
    public static void attach(Channel listening) {
        ByteBuf instructions = Unpooled.directBuffer(INSTRUCTIONS * INSTRUCTION_BYTES);
        try {
            write(instructions
                    .internalNioBuffer(0, INSTRUCTIONS * INSTRUCTION_BYTES)
                    .order(ByteOrder.nativeOrder()));
            ByteBuffer program = ByteBuffer.allocate(PROGRAM_BYTES).order(ByteOrder.nativeOrder());
            program.putShort(0, (short) INSTRUCTIONS).putLong(8, instructions.memoryAddress());
            if (!listening.config().setOption(ATTACH, program)) {
                log.debug(
                        "This transport has no socket filters: who connects as the server socket closes may be reset");
            }
        } catch (ChannelException refused) {
            log.debug(
                    "The kernel takes no socket filter: who connects as the server socket closes may be reset",
                    refused);
        } finally {
            instructions.release();
        }
    }

    private static void write(ByteBuffer instructions) {
        write(instructions, LOAD_BYTE, 0, FLAGS);
        write(instructions, AND, 0, SYN_AND_ACK);
        write(instructions, JUMP_IF_EQUAL, 1, SYN); // or else over the next
        write(instructions, RETURN, 0, 0);
        write(instructions, RETURN, 0, WHOLE);
    }

    private static void write(ByteBuffer instructions, int code, int jumpIfNot, int operand) {
        instructions.putShort((short) code).put((byte) 0).put((byte) jumpIfNot).putInt(operand);
    }
}
