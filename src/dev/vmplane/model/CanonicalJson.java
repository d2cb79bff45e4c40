package dev.vmplane.model;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a document in the one form that equal documents share. It is the JSON of RFC 8785 for objects, lists, texts,
 * booleans and whole numbers of at most 53 bits: no white space (3.2.1), only the escapes that must be (3.2.2.2), keys in
 * the order of their UTF-16 code units (3.2.3). A fraction, null or half of a surrogate pair is refused: no spec has one.
 */
final class CanonicalJson {
    private static final long MAX_EXACT = (1L << 53) - 1;

    private final StringBuilder json = new StringBuilder();

    private CanonicalJson() {}

    static String of(Object document) {
        var canonical = new CanonicalJson();
        canonical.write(document);
        return canonical.json.toString();
    }

    private void write(Object value) {
        if (value instanceof Map<?, ?> map) {
            writeObject(map);
        } else if (value instanceof List<?> list) {
            writeList(list);
        } else if (value instanceof String text) {
            writeText(text);
        } else if (value instanceof Boolean) {
            json.append(value);
        } else if (value instanceof Integer || value instanceof Long) {
            writeNumber(((Number) value).longValue());
        } else {
            throw new IllegalArgumentException("canonical JSON cannot hold a " + value);
        }
    }

    private void writeObject(Map<?, ?> map) {
        var sorted = new TreeMap<String, Object>();
        map.forEach((key, value) -> sorted.put((String) key, value));
        var separator = "";
        json.append('{');
        for (var field : sorted.entrySet()) {
            json.append(separator);
            writeText(field.getKey());
            json.append(':');
            write(field.getValue());
            separator = ",";
        }
        json.append('}');
    }

    private void writeList(List<?> list) {
        var separator = "";
        json.append('[');
        for (var item : list) {
            json.append(separator);
            write(item);
            separator = ",";
        }
        json.append(']');
    }

    private void writeNumber(long number) {
        if (number > MAX_EXACT || number < -MAX_EXACT) {
            throw new IllegalArgumentException("canonical JSON cannot hold " + number + ": more than 53 bits");
        }
        json.append(number);
    }

    private void writeText(String text) {
        json.append('"');
        text.codePoints().forEach(this::writeCharacter);
        json.append('"');
    }

    private void writeCharacter(int point) {
        switch (point) {
            case '"' -> json.append("\\\"");
            case '\\' -> json.append("\\\\");
            case '\b' -> json.append("\\b");
            case '\f' -> json.append("\\f");
            case '\n' -> json.append("\\n");
            case '\r' -> json.append("\\r");
            case '\t' -> json.append("\\t");
            default -> writeOrdinary(point);
        }
    }

    private void writeOrdinary(int point) {
        if (FieldPath.isSurrogate(point)) {
            throw new IllegalArgumentException("canonical JSON cannot hold half of a surrogate pair");
        }
        if (point < ' ') {
            json.append(String.format("\\u%04x", point));
        } else {
            json.appendCodePoint(point);
        }
    }
}
