package dev.shadowcat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class in which a buffer was let go of without being released. JUnit finds it by itself for each class of this
 * module. Netty makes the detector, as the build's {@code io.netty.customResourceLeakDetector} names it: whoever would put it
 * in place by code came too late after the first buffer of another test class.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    @Override
    public void beforeAll(ExtensionContext context) {
        assertThat(ResourceLeakDetectorFactory.instance().newResourceLeakDetector(ByteBuf.class))
                .as("-Dio.netty.customResourceLeakDetector")
                .isInstanceOf(Recording.class);
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        LEAKS.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        for (int i = 0; i < 3; i++) {
            System.gc();
            // The detector looks at what the collector found when the next buffer is made.
            PooledByteBufAllocator.DEFAULT.heapBuffer(8).release();
        }
        assertThat(LEAKS).isEmpty();
    }

    /** Notes each leak, whose record says where the buffer was last touched. */
    public static final class Recording<T> extends ResourceLeakDetector<T> {
        /** Called by Netty. */
        @SuppressWarnings("deprecation") // the constructor that Netty's factory looks for
        public Recording(Class<?> resource, int samplingInterval, long maxActive) {
            super(resource, samplingInterval, maxActive);
        }

        /** Called by Netty. */
        public Recording(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(resourceType);
        }
    }
}
