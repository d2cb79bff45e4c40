package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.simulator.CloudHypervisorModel.Refused;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Which fields of a request body Cloud Hypervisor looks at: of these, wrong types and missing ones are refused, numbers are
 * whole and not negative, null stands for an absent optional field. All others pass unseen, however they are spelt.
 */
final class LenientShape {
    private final Map<String, BiConsumer<String, Object>> fields = new HashMap<>();
    private final Set<String> required = new HashSet<>();

    LenientShape required(String name, Class<?> type) {
        required.add(name);
        return optional(name, type);
    }

    LenientShape optional(String name, Class<?> type) {
        fields.put(name, (field, value) -> {
            if (!type.isInstance(value) || value instanceof Double) {
                throw undecodable("invalid type for `" + field + "`");
            }
            if (value instanceof Number number && number.longValue() < 0) {
                throw undecodable("invalid value: integer `" + number + "`, expected u64");
            }
        });
        return this;
    }

    /** A field that is one of a few words. */
    LenientShape required(String name, Set<String> words) {
        required.add(name);
        return optional(name, words);
    }

    LenientShape optional(String name, Set<String> words) {
        fields.put(name, (field, value) -> {
            if (!(value instanceof String word) || !words.contains(word)) {
                throw undecodable("unknown variant `" + value + "`");
            }
        });
        return this;
    }

    LenientShape optional(String name, LenientShape shape) {
        fields.put(name, (field, value) -> shape.check(field, value));
        return this;
    }

    LenientShape optionalList(String name, LenientShape shape) {
        fields.put(name, (field, value) -> {
            if (!(value instanceof JsonArray items)) {
                throw undecodable("invalid type for `" + field + "`");
            }
            items.forEach(item -> shape.check(field, item));
        });
        return this;
    }

    /**
     * Reads a body of this shape.
     *
     * @throws Refused saying what is wrong with it
     */
    JsonObject read(String body) {
        JsonObject json;
        try {
            json = new JsonObject(body);
        } catch (DecodeException notJson) {
            throw undecodable("expected value at line 1 column 1");
        }
        check("", json);
        return json;
    }

    private void check(String field, Object value) {
        if (!(value instanceof JsonObject json)) {
            throw undecodable("invalid type for `" + field + "`");
        }
        for (var name : required) {
            if (json.getValue(name) == null) {
                throw undecodable("missing field `" + name + "`");
            }
        }
        fields.forEach((name, check) -> {
            if (json.getValue(name) != null) {
                check.accept(name, json.getValue(name));
            }
        });
    }

    private static Refused undecodable(String why) {
        return new Refused(400, "Failed to deserialize JSON", why);
    }
}
