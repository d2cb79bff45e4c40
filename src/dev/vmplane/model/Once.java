package dev.vmplane.model;

/**
 * Marks a write that is to be done once, however often it is sent.
 *
 * @param tenant whose key it is, or empty while nobody knows who asks: everybody's are one then
 * @param key chosen by the client
 * @param fingerprint of the whole request: another request cannot have the key
 */
public record Once(String tenant, String key, String fingerprint) {
    /** What a key is looked up by. */
    public record Id(String tenant, String key) {}

    public Id id() {
        return new Id(tenant, key);
    }
}
