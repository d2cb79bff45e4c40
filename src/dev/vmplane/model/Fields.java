package dev.vmplane.model;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads one object of a JSON or YAML document field by field, strictly: what has the wrong shape is refused with its
 * path, and {@link #end} refuses every field nobody asked for. Values are plain Java ones: {@code Map}, {@code List},
 * {@code String}, {@code Number}, {@code Boolean} and null.
 *
 * <p>When the {@link Source} goes on after a refusal, the fallback stands in for the value, or null if there is none.
 */
public final class Fields {

    /** Whose values are read, and what happens to those that are refused. */
    @FunctionalInterface
    public interface Source {
        /** Hears of a value that cannot be; may throw to stop at the first. */
        void refuse(Refusal refusal);

        /** The value at {@code path}, where the document says {@code written} (null when nothing). */
        default Object value(String path, Object written, Class<?> wanted) {
            return written;
        }
    }

    /**
     * What a text must look like.
     *
     * @param wants the same for people
     * @param code of the refusal when it does not match
     */
    public record Form(Pattern pattern, String wants, String code) {
        public Form(String pattern, String wants) {
            this(Pattern.compile(pattern), wants, "bad_value");
        }
    }

    private final String path;
    private final Map<String, Object> values;
    private final Source source;
    private final Set<String> known;
    private final Map<String, String> missing;

    public Fields(String path, Map<String, Object> values, Source source) {
        this(path, values, source, new LinkedHashSet<>(), new LinkedHashMap<>());
    }

    private Fields(
            String path, Map<String, Object> values, Source source, Set<String> known, Map<String, String> missing) {
        this.path = path;
        this.values = values;
        this.source = source;
        this.known = known;
        this.missing = missing;
    }

    /** The same fields with one more, or another value of it; what has been asked for here counts there too. */
    Fields with(String name, Object value) {
        var more = new LinkedHashMap<>(values);
        more.put(name, value);
        return new Fields(path, more, source, known, missing);
    }

    /** Reads {@code values} up to the first one that cannot be, and throws that as a {@link RefusedException}. */
    public static Fields strict(String path, Map<String, Object> values) {
        return new Fields(path, values, refusal -> {
            throw refusal.asException();
        });
    }

    /** A text that must be there; null until {@link #end} when it is not. */
    public String text(String name, Form form) {
        require(name, form.wants());
        return text(name, form, null);
    }

    public String text(String name, Form form, String fallback) {
        var value = value(name, String.class);
        if (value == null) {
            return fallback;
        }
        if (!(value instanceof String text)) {
            return wrongType(path(name), value, form.wants(), fallback);
        }
        if (!form.pattern().matcher(text).matches()) {
            return refuse(form.code(), path(name), value, form.wants(), fallback);
        }
        return text;
    }

    /** True or false; false when left out. */
    public boolean flag(String name) {
        var value = value(name, Boolean.class);
        if (value == null) {
            return false;
        }
        return value instanceof Boolean flag ? flag : wrongType(path(name), value, "true or false", false);
    }

    public int integer(String name, int fallback, int from, int to) {
        var wants = "a whole number from " + from + " to " + to;
        var value = value(name, Integer.class);
        if (value == null) {
            return fallback;
        }
        if (!isWhole(value)) {
            return wrongType(path(name), value, wants, fallback);
        }
        var number = value instanceof BigInteger ? Long.MAX_VALUE : ((Number) value).longValue();
        if (number < from || number > to) {
            return refuse("out_of_range", path(name), value, wants, fallback);
        }
        return (int) number;
    }

    /** A length of time written in milliseconds, of at most 24 days. */
    public Duration millis(String name, Duration fallback, Duration from, Duration to) {
        return Duration.ofMillis(integer(
                name,
                Math.toIntExact(fallback.toMillis()),
                Math.toIntExact(from.toMillis()),
                Math.toIntExact(to.toMillis())));
    }

    /** A constant of {@code type}, written in lower case. */
    public <E extends Enum<E>> E choice(String name, Class<E> type, E fallback) {
        var wants = "one of "
                + Arrays.stream(type.getEnumConstants()).map(Fields::written).collect(Collectors.joining(", "));
        var value = value(name, String.class);
        if (value == null) {
            return fallback;
        }
        if (!(value instanceof String)) {
            return wrongType(path(name), value, wants, fallback);
        }
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> written(constant).equals(value))
                .findFirst()
                .orElseGet(() -> refuse("bad_value", path(name), value, wants, fallback));
    }

    /** A list of texts. Numbers and booleans become the text they are written as; empty when left out. */
    public List<String> texts(String name) {
        var value = value(name, List.class);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> items)) {
            return wrongShape(path(name), value, "a list of texts", List.of());
        }
        var texts = new ArrayList<String>();
        for (int index = 0; index < items.size(); index++) {
            texts.add(plainText(FieldPath.of(path(name), index), items.get(index)));
        }
        return Collections.unmodifiableList(texts);
    }

    /** Texts by name, in the order of names. Numbers and booleans become text; empty when left out. */
    public Map<String, String> textsByName(String name) {
        var texts = new TreeMap<String, String>();
        map(name).forEach((key, value) -> texts.put(key, plainText(FieldPath.of(path(name), key), value)));
        return Collections.unmodifiableSortedMap(texts);
    }

    /** The object {@code name}, to be read and ended by the caller; an empty one when left out. */
    public Fields object(String name) {
        return new Fields(path(name), map(name), source);
    }

    /** The raw object {@code name}, or an empty map when left out. */
    public Map<String, Object> map(String name) {
        var value = value(name, Map.class);
        if (value == null) {
            return Map.of();
        }
        return value instanceof Map<?, ?> map ? named(map) : wrongShape(path(name), value, "an object", Map.of());
    }

    /** The list of objects {@code name}, each to be read and ended by the caller; empty when left out. */
    public List<Fields> objects(String name) {
        var value = value(name, List.class);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> items)) {
            return wrongShape(path(name), value, "a list of objects", List.of());
        }
        var objects = new ArrayList<Fields>();
        for (int index = 0; index < items.size(); index++) {
            var place = FieldPath.of(path(name), index);
            Map<String, Object> item = items.get(index) instanceof Map<?, ?> map
                    ? named(map)
                    : wrongShape(place, items.get(index), "an object", Map.of());
            objects.add(new Fields(place, item, source));
        }
        return objects;
    }

    /** The value as it is written, without a look at its shape, or null when left out. */
    public Object raw(String name) {
        known.add(name);
        return values.get(name);
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** Where the field {@code name} stands in the whole document. */
    public String path(String name) {
        return FieldPath.of(path, name);
    }

    /** Lets {@link #end} refuse this object if it lacks the field {@code name}; {@code what} says what that is for. */
    public void require(String name, String what) {
        if (!has(name)) {
            missing.put(name, what);
        }
    }

    /**
     * Refuses every field that nobody asked for, then every one that is required and missing: in that order, because the
     * unknown one is often the missing one misspelt.
     */
    public void end() {
        for (var name : values.keySet()) {
            if (!known.contains(name)) {
                var hint = Nearest.to(name, known)
                        .map(near -> "did you mean " + near + "?")
                        .orElse("known are " + String.join(", ", known));
                refuse("unknown_field", path(name), "cannot be set: there is no such field, " + hint);
            }
        }
        missing.forEach((name, what) -> refuse("missing_field", path(name), "cannot be left out: " + what));
    }

    /** Refuses the field {@code name} for a reason of the caller's own: {@code predicate} begins with "cannot". */
    public void refuseField(String code, String name, String predicate) {
        refuse(code, path(name), predicate);
    }

    private void refuse(String code, String place, String predicate) {
        source.refuse(Refusal.invalid(code, place, place + " " + predicate));
    }

    private <T> T refuse(String code, String place, Object value, String wants, T fallback) {
        refuse(code, place, "cannot be " + shown(value) + ": " + wants);
        return fallback;
    }

    private <T> T wrongType(String place, Object value, String wants, T fallback) {
        return refuse("wrong_type", place, value, wants, fallback);
    }

    /** Says of what shape the value is, not what it is: what goes into a guest may be secret. */
    private <T> T wrongShape(String place, Object value, String wants, T fallback) {
        var shape = value instanceof String ? "a text" : shown(value);
        refuse("wrong_type", place, "cannot be " + shape + ": " + wants);
        return fallback;
    }

    private Object value(String name, Class<?> wanted) {
        known.add(name);
        var value = source.value(path(name), values.get(name), wanted);
        if (value == null && has(name)) {
            wrongType(path(name), null, "leave the field out instead", null);
        }
        return value;
    }

    /** Text that may go into a guest: whole characters, and no NUL, which ends a text there. */
    private String plainText(String place, Object value) {
        if (!(value instanceof String || value instanceof Number || value instanceof Boolean)) {
            return wrongShape(place, value, "a text", "");
        }
        var text = value.toString();
        if (text.codePoints().anyMatch(point -> point == 0 || FieldPath.isSurrogate(point))) {
            refuse("bad_value", place, "cannot hold a NUL or half of a surrogate pair");
        }
        return text;
    }

    private static boolean isWhole(Object value) {
        return value instanceof Integer || value instanceof Long || value instanceof BigInteger;
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @SuppressWarnings("unchecked") // the keys of a JSON or YAML object are text
    private static Map<String, Object> named(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    private static String shown(Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Map) {
            return "an object";
        }
        if (value instanceof List) {
            return "a list";
        }
        var text = FieldPath.printable(value.toString());
        return value instanceof String ? "'" + text + "'" : text;
    }
}
