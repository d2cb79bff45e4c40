package dev.vmplane.vm;

import dev.vmplane.model.Reason;
import io.vertx.core.Future;
import java.util.function.Supplier;

/** What the parts of one microVM's life ask of the verticle that owns it. */
interface Life {
    /** Takes a step to be done when those before it are. */
    void queue(Supplier<Future<?>> step);

    /** Ends this life for a reason: told first, so that nobody is routed to it, then cleaned up. */
    Future<?> fail(Reason reason);

    /** Tells the end of this life, once there is no process any more. */
    Future<?> ended();

    /** Has the guest asked for its health now. */
    void check();
}
