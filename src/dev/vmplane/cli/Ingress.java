package dev.vmplane.cli;

import java.net.URI;

/**
 * Where the server's load balancer takes requests. The API does not say, so it is the usual port of the same host unless
 * somebody says otherwise.
 */
record Ingress(String host, int port) {
    static final String VARIABLE = "VMPLANE_INGRESS";
    private static final int USUAL_PORT = 8080;

    /** @param written {@code host:port}, with or without {@code http://}; empty for the usual one */
    static Ingress of(String written, URI server) {
        if (written.isEmpty()) {
            return new Ingress(server.getHost(), USUAL_PORT);
        }
        try {
            var address = URI.create(written.contains("://") ? written : "http://" + written);
            if (address.getHost() != null) {
                return new Ingress(address.getHost(), address.getPort() < 0 ? USUAL_PORT : address.getPort());
            }
        } catch (IllegalArgumentException malformed) {
            // Told below.
        }
        throw new CommandException("the load balancer's address cannot be '" + written + "': such as 127.0.0.1:8080");
    }

    /** What it takes for the job's name. */
    static String hostOf(String jobId) {
        return jobId + ".localhost";
    }

    /** How a person on the server's host, or on another, gets to a job. */
    String wayTo(String jobId) {
        return host.equals("localhost") || host.startsWith("127.")
                ? "http://" + hostOf(jobId) + ":" + port + "/"
                : "curl -H 'Host: " + hostOf(jobId) + "' http://" + host + ":" + port + "/";
    }
}
