package dev.shadowcat.memory;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

/**
 * How a JVM lays objects out: header, fields packed without gaps, then rounded up.
 *
 * @param headerBytes of every object: 8 where headers are compact, 12 otherwise
 * @param referenceBytes 4 where references are compressed (heaps below 32 GiB), 8 otherwise
 */
record HeapLayout(int headerBytes, int referenceBytes) {
    private static final int ALIGNMENT = 8;

    /** The layout of this process: the flags that HotSpot runs with, or what they are by default. */
    static HeapLayout ofThisProcess() {
        HotSpotDiagnosticMXBean flags = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        return new HeapLayout(
                isOn(flags, "UseCompactObjectHeaders", false) ? 8 : 12, isOn(flags, "UseCompressedOops", true) ? 4 : 8);
    }

    private static boolean isOn(HotSpotDiagnosticMXBean flags, String name, boolean otherwise) {
        try {
            return Boolean.parseBoolean(flags.getVMOption(name).getValue());
        } catch (IllegalArgumentException noSuchFlag) {
            return otherwise;
        }
    }

    /** What an object of the class takes: its own fields and those of its superclasses. */
    int object(Class<?> type) {
        int bytes = headerBytes;
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            for (Field field : each.getDeclaredFields()) {
                bytes += Modifier.isStatic(field.getModifiers()) ? 0 : field(field.getType());
            }
        }
        return rounded(bytes);
    }

    /** What an array takes, its length included. */
    long array(long length, int elementBytes) {
        int aligned = headerBytes + Integer.BYTES;
        return rounded(aligned + length * elementBytes);
    }

    private int field(Class<?> type) {
        if (!type.isPrimitive()) {
            return referenceBytes;
        }
        return type == long.class || type == double.class
                ? Long.BYTES
                : type == int.class || type == float.class
                        ? Integer.BYTES
                        : type == short.class || type == char.class ? Short.BYTES : Byte.BYTES;
    }

    private static int rounded(int bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private static long rounded(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
