package dev.vmplane.cli;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A JSON object that somebody else wrote. What is missing, null or of another type than asked for counts as not said, so
 * that a server of another version can be read.
 */
record Document(Map<String, Object> fields) {
    static final Document EMPTY = new Document(Map.of());

    /** The object in {@code text}; an {@link IOException} when it is something else. */
    static Document read(String text) throws IOException {
        if (Json.read(text) instanceof Map<?, ?> map) {
            return of(map);
        }
        throw new IOException("it is no object");
    }

    /** Null when not said. */
    String text(String name) {
        return fields.get(name) instanceof String text ? text : null;
    }

    String text(String name, String otherwise) {
        return fields.get(name) instanceof String text ? text : otherwise;
    }

    long number(String name, long otherwise) {
        return fields.get(name) instanceof Number number ? number.longValue() : otherwise;
    }

    boolean has(String name) {
        return fields.get(name) != null;
    }

    boolean flag(String name) {
        return Boolean.TRUE.equals(fields.get(name));
    }

    /** Null when not said. */
    Instant time(String name) {
        try {
            return fields.get(name) instanceof String text ? Instant.parse(text) : null;
        } catch (DateTimeException noTime) {
            return null;
        }
    }

    Document object(String name) {
        return fields.get(name) instanceof Map<?, ?> map ? of(map) : EMPTY;
    }

    List<Document> objects(String name) {
        return list(name).stream()
                .filter(item -> item instanceof Map)
                .map(item -> of((Map<?, ?>) item))
                .toList();
    }

    List<String> texts(String name) {
        return list(name).stream()
                .filter(item -> item instanceof String)
                .map(String.class::cast)
                .toList();
    }

    List<Integer> numbers(String name) {
        return list(name).stream()
                .filter(item -> item instanceof Number)
                .map(item -> ((Number) item).intValue())
                .toList();
    }

    private List<?> list(String name) {
        return fields.get(name) instanceof List<?> list ? list : List.of();
    }

    @SuppressWarnings("unchecked") // the keys of a JSON object are text
    private static Document of(Map<?, ?> map) {
        return new Document((Map<String, Object>) map);
    }
}
