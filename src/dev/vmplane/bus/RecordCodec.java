package dev.vmplane.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageCodec;

/**
 * Hands immutable values from one verticle of this process to another. It has no wire form: {@link Bus} keeps every
 * conversation local, and the conversations that will leave the host get theirs with the cluster.
 */
final class RecordCodec implements MessageCodec<Object, Object> {
    static final String NAME = "vmplane.record";

    private RecordCodec() {}

    static void registerOn(EventBus events) {
        try {
            events.registerCodec(new RecordCodec());
        } catch (IllegalStateException alreadyThere) {
            // Each verticle makes its own Bus over the one event bus; the first of them registered it.
        }
    }

    @Override
    public void encodeToWire(Buffer buffer, Object value) {
        throw new UnsupportedOperationException(value.getClass() + " cannot leave this process");
    }

    @Override
    public Object decodeFromWire(int position, Buffer buffer) {
        throw new UnsupportedOperationException("no record comes from another process");
    }

    @Override
    public Object transform(Object value) {
        return value;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public byte systemCodecID() {
        return -1;
    }
}
