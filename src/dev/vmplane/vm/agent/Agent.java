package dev.vmplane.vm.agent;

import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Hooks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;

/**
 * What can be said to one guest through the agent in it. Every question has a limit of time, and fails with an {@link
 * AgentException}. All but {@link #exec} may be repeated, and are, when a connection turns out to be dead: a hook may run
 * twice.
 */
public interface Agent {

    /**
     * Has the guest's program called.
     *
     * @param json what it is told
     * @return the status of its answer
     */
    Future<Integer> hook(Hooks.Hook hook, Buffer json);

    /** Leaves word for the guest's program whose it is now. */
    Future<Void> attach(Attachment attachment);

    /**
     * Tells a guest whose CPUs were stopped what time it is, and stirs its randomness, which others may have seen.
     *
     * @param entropy bytes that nobody can guess
     */
    Future<Void> wake(Instant now, Buffer entropy);

    /** Asks the guest to end, as its power button would; fails soon where nobody listens. */
    Future<Void> stop();

    Future<GuestMetrics> metrics();

    /** Starts a program beside the guest's own; {@code output} hears nothing before this has completed. */
    Future<ExecSession> exec(ExecCommand command, ExecSession.Output output);

    /** Lets go of the connection; everything under way fails. */
    void close();
}
