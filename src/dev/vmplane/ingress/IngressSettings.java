package dev.vmplane.ingress;

import java.time.Duration;

/**
 * Where the ingress listens, and its limits.
 *
 * @param idleLimit how long a microVM may leave a request, an answer or a WebSocket in silence
 * @param connectionsPerBackend how many connections each event loop may hold to one microVM
 * @param waitingPerBackend how many requests may wait for one of them on each event loop
 */
public record IngressSettings(
        String host, int port, Duration idleLimit, int connectionsPerBackend, int waitingPerBackend) {

    public static IngressSettings at(String host, int port) {
        return new IngressSettings(host, port, Duration.ofSeconds(60), 64, 256);
    }
}
