package dev.vmplane.ingress;

import io.vertx.core.MultiMap;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What the ingress changes about headers on their way to a microVM and back. */
final class Headers {
    private static final Set<String> SPOKEN_FOR_BY_US = Set.of("forwarded", "x-real-ip", "expect");
    private static final Set<String> ONE_HOP = Set.of("connection", "keep-alive", "proxy-connection", "upgrade");

    private Headers() {}

    /** Whether a body follows these headers. */
    static boolean announceBody(MultiMap headers) {
        var length = headers.get("content-length");
        return headers.contains("transfer-encoding") || (length != null && !length.equals("0"));
    }

    /** Whether both ends will agree where the body stops: anything else is how requests are smuggled. */
    static boolean framedClearly(MultiMap headers) {
        var encodings = headers.getAll("transfer-encoding");
        return encodings.isEmpty() || (encodings.size() == 1 && encodings.get(0).equalsIgnoreCase("chunked"));
    }

    /** Tells the microVM who asked. What a client claims about that is dropped: anybody can claim anything. */
    static void introduce(MultiMap headers, String clientAddress, String host) {
        for (var name : List.copyOf(headers.names())) {
            var lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith("x-forwarded-") || SPOKEN_FOR_BY_US.contains(lower)) {
                headers.remove(name);
            }
        }
        headers.set("x-forwarded-for", clientAddress);
        headers.set("x-forwarded-host", host);
        headers.set("x-forwarded-proto", "http");
    }

    /** Drops what concerns one connection only, by its nature or because {@code Connection} says so. */
    static void dropOneHop(MultiMap headers) {
        var named = headers.getAll("connection").stream()
                .flatMap(value -> Arrays.stream(value.split(",")))
                .map(String::trim)
                .collect(Collectors.toSet());
        named.forEach(headers::remove);
        ONE_HOP.forEach(headers::remove);
    }
}
