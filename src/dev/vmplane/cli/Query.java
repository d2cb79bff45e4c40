package dev.vmplane.cli;

/** What follows the question mark of a path, in the order it is said. */
final class Query {
    private final StringBuilder text = new StringBuilder();

    /** Null is not said. */
    Query and(String name, Object value) {
        if (value != null) {
            text.append(text.isEmpty() ? '?' : '&')
                    .append(name)
                    .append('=')
                    .append(ApiClient.escaped(value.toString()));
        }
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
