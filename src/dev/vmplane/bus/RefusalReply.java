package dev.vmplane.bus;

import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a no crosses the bus: the one place that knows failures of handlers and failures of the bus itself. */
final class RefusalReply extends ReplyException {
    private static final Logger LOG = LoggerFactory.getLogger(RefusalReply.class);

    private final transient Refusal refusal;

    private RefusalReply(Refusal refusal) {
        super(ReplyFailure.RECIPIENT_FAILURE, refusal.message());
        this.refusal = refusal;
    }

    /** What a handler failed with, made fit to travel. A defect is logged here, where its stack trace still is. */
    static RefusalReply of(String address, Throwable cause) {
        if (cause instanceof RefusedException refused) {
            return new RefusalReply(refused.refusal());
        }
        LOG.atError().addKeyValue("address", address).setCause(cause).log("a request failed by a defect");
        return new RefusalReply(new Refusal(
                Refusal.Kind.UNAVAILABLE, "internal", null, address + " cannot answer: internal error, see the log"));
    }

    /** What the asker sees of a failed request. */
    static RefusedException received(String address, Throwable cause) {
        if (cause instanceof RefusalReply reply) {
            return reply.refusal.asException();
        }
        var why = cause instanceof ReplyException reply ? reply.failureType().toString() : cause.toString();
        return new Refusal(Refusal.Kind.UNAVAILABLE, "unavailable", null, address + " cannot answer: " + why)
                .asException();
    }
}
