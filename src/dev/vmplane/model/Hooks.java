package dev.vmplane.model;

import java.time.Duration;

/**
 * What a guest is told at the turns of its life, through the agent in it: a POST to its own loopback address. Each is null
 * where nothing is to be told.
 *
 * @param warm after its first passed health check, whether it becomes warm or has an owner already; must succeed before it
 *     goes on
 * @param attach when it gets its job, before requests are routed to it
 * @param drain when it gets no new requests any more, before it is asked to end
 */
public record Hooks(Hook warm, Hook attach, Hook drain) {
    public static final Hooks NONE = new Hooks(null, null, null);

    /**
     * One call: it has succeeded when the answer's status is 200 to 299.
     *
     * @param path of the POST
     * @param port in the guest
     * @param timeout for the whole call
     */
    public record Hook(String path, int port, Duration timeout) {}
}
