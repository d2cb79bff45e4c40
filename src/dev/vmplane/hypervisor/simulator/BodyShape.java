package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which fields a request body may have, as strict as Firecracker's own reader: unknown fields, wrong types and missing
 * fields are refused, numbers are whole and not negative, null stands for an absent optional field.
 */
final class BodyShape {
    private final Map<String, Check> fields = new HashMap<>();
    private final Set<String> required = new HashSet<>();

    /** Throws a {@link Fault} for the value of a field that cannot be. */
    @FunctionalInterface
    private interface Check {
        void of(String name, Object value);
    }

    BodyShape required(String name, Class<?> type) {
        required.add(name);
        return optional(name, type);
    }

    BodyShape optional(String name, Class<?> type) {
        fields.put(name, (field, value) -> {
            if (!type.isInstance(value) || value instanceof Double) {
                throw deserializing("invalid type for `" + field + "`");
            }
            if (value instanceof Number number && number.longValue() < 0) {
                throw deserializing("invalid value: integer `" + number + "`");
            }
        });
        return this;
    }

    /** A field that is one of a few words. */
    BodyShape optional(String name, Set<String> words) {
        fields.put(name, (field, value) -> {
            if (!(value instanceof String word) || !words.contains(word)) {
                throw deserializing("unknown variant `" + value + "`, expected one of " + new TreeSet<>(words));
            }
        });
        return this;
    }

    /** A field that is an object of another shape. */
    BodyShape optional(String name, BodyShape shape) {
        fields.put(name, (field, value) -> {
            if (!(value instanceof JsonObject object)) {
                throw deserializing("invalid type for `" + field + "`");
            }
            shape.check(object);
        });
        return this;
    }

    /** The same fields, none of them required: what PATCH takes. */
    BodyShape withAllOptional() {
        var shape = new BodyShape();
        shape.fields.putAll(fields);
        return shape;
    }

    /**
     * Reads a body of this shape.
     *
     * @throws Fault saying what is wrong with it
     */
    JsonObject read(String body) {
        JsonObject json;
        try {
            json = new JsonObject(body);
        } catch (DecodeException notJson) {
            throw new Fault("An error occurred when deserializing the json body of a request: expected value.");
        }
        check(json);
        json.getMap().values().removeIf(Objects::isNull);
        return json;
    }

    private void check(JsonObject json) {
        for (var name : json.fieldNames()) {
            var check = fields.get(name);
            var value = json.getValue(name);
            if (check == null) {
                throw deserializing("unknown field `" + name + "`");
            }
            if (value != null) {
                check.of(name, value);
            } else if (required.contains(name)) {
                throw deserializing("invalid type for `" + name + "`");
            }
        }
        for (var name : required) {
            if (!json.containsKey(name)) {
                throw deserializing("missing field `" + name + "`");
            }
        }
    }

    private static Fault deserializing(String why) {
        return new Fault("An error occurred when deserializing the json body of a request: " + why + ".");
    }

    /** A request that Firecracker refuses; the message is its {@code fault_message}. */
    static final class Fault extends RuntimeException {
        Fault(String message) {
            super(message, null, false, false);
        }
    }
}
