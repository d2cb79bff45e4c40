package dev.vmplane.host.agent;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Words with values in the payload of a frame: {@code key=value} in UTF-8, each ended by NUL, as on the configuration disk.
 * A key may come more than once, and keeps its order.
 */
public final class AgentEntries {
    private final List<Map.Entry<String, String>> all = new ArrayList<>();

    /**
     * Reads a payload.
     *
     * @throws AgentFrameException when an entry has no end or no key
     */
    public static AgentEntries of(Buffer payload) {
        var entries = new AgentEntries();
        for (int from = 0, at = 0; at < payload.length(); at++) {
            if (payload.getByte(at) == 0) {
                entries.read(payload.getString(from, at, StandardCharsets.UTF_8.name()));
                from = at + 1;
            } else if (at == payload.length() - 1) {
                throw new AgentFrameException("an entry cannot be without an end");
            }
        }
        return entries;
    }

    private void read(String entry) {
        var equals = entry.indexOf('=');
        if (equals < 1) {
            throw new AgentFrameException("an entry cannot be without a key");
        }
        all.add(Map.entry(entry.substring(0, equals), entry.substring(equals + 1)));
    }

    /**
     * Adds one more.
     *
     * @throws AgentFrameException when the value holds NUL; it is not named, for it may be a secret
     */
    public AgentEntries put(String key, String value) {
        if (value.indexOf('\0') >= 0) {
            throw new AgentFrameException("the value of '" + key + "' cannot hold NUL");
        }
        all.add(Map.entry(key, value));
        return this;
    }

    public AgentEntries put(String key, long value) {
        return put(key, Long.toString(value));
    }

    /** The same as {@link #put}, unless {@code value} is null. */
    public AgentEntries putIfThere(String key, String value) {
        return value == null ? this : put(key, value);
    }

    /** Each as one {@code env}. */
    public AgentEntries putVariables(Map<String, String> variables) {
        variables.forEach((name, value) -> put("env", name + "=" + value));
        return this;
    }

    /** Every value of {@code key}. */
    public List<String> all(String key) {
        return all.stream()
                .filter(entry -> entry.getKey().equals(key))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** The last value of {@code key}. */
    public Optional<String> last(String key) {
        return all.stream()
                .filter(entry -> entry.getKey().equals(key))
                .map(Map.Entry::getValue)
                .reduce((former, later) -> later);
    }

    /**
     * The last value of {@code key}, which must be a number of up to 18 digits.
     *
     * @throws AgentFrameException when it is not
     */
    public long number(String key) {
        return last(key)
                .filter(value -> value.matches("[0-9]{1,18}"))
                .map(Long::valueOf)
                .orElseThrow(() -> new AgentFrameException("'" + key + "' cannot be read: it is no number"));
    }

    /**
     * The last value of {@code key}, which must be a number with or without a fraction.
     *
     * @throws AgentFrameException when it is not
     */
    public double fraction(String key) {
        return last(key)
                .filter(value -> value.matches("[0-9]{1,9}(\\.[0-9]{1,9})?"))
                .map(Double::valueOf)
                .orElseThrow(() -> new AgentFrameException("'" + key + "' cannot be read: it is no number"));
    }

    public Buffer encoded() {
        var payload = Buffer.buffer();
        all.forEach(entry -> payload.appendString(entry.getKey())
                .appendString("=")
                .appendString(entry.getValue())
                .appendByte((byte) 0));
        return payload;
    }
}
