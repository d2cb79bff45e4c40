package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which fields a request body may have, as strict as Firecracker's own reader: unknown fields, wrong types and missing
 * fields are refused, numbers are whole, null stands for an absent optional field.
 */
final class BodyShape {
    private final Map<String, Class<?>> fields = new HashMap<>();
    private final Set<String> required = new HashSet<>();

    BodyShape required(String name, Class<?> type) {
        required.add(name);
        return optional(name, type);
    }

    BodyShape optional(String name, Class<?> type) {
        fields.put(name, type);
        return this;
    }

    /** The same fields, none of them required: what PATCH takes. */
    BodyShape withAllOptional() {
        var shape = new BodyShape();
        fields.forEach(shape::optional);
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
        for (var name : json.fieldNames()) {
            var type = fields.get(name);
            var value = json.getValue(name);
            if (type == null) {
                throw deserializing("unknown field `" + name + "`");
            }
            if (value == null ? required.contains(name) : !type.isInstance(value) || value instanceof Double) {
                throw deserializing("invalid type for `" + name + "`");
            }
        }
        for (var name : required) {
            if (!json.containsKey(name)) {
                throw deserializing("missing field `" + name + "`");
            }
        }
        json.getMap().values().removeIf(Objects::isNull);
        return json;
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
