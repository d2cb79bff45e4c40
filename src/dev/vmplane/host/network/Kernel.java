package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import dev.vmplane.host.network.HostTool.Outcome;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What nftables have under one name, asked and changed through the program {@code nft}. Every method blocks. */
final class Kernel {
    private static final List<String> RUN = List.of("-f");

    private final HostTool nft;
    private final String name;
    private List<JsonObject> rules = List.of();
    private List<JsonObject> found = List.of();
    private String complaint = "";

    Kernel(HostTool nft, String name) {
        this.nft = nft;
        this.name = name;
    }

    /** Runs a script, as one transaction; whether it was taken. */
    boolean run(String script) throws IOException, InterruptedException {
        var outcome = nft.runScript(RUN, script);
        // Before it stands where in the script, whose path is nobody's business.
        complaint = outcome.complaint().replaceFirst("^.*?Error: ", "");
        return outcome.good();
    }

    /** Why the last script was not taken. */
    String complaint() {
        return complaint;
    }

    /** Looks at both tables and answers the elements in them; none for tables that are not there. */
    Set<Element> elements() throws IOException, InterruptedException {
        found = new ArrayList<>();
        for (var family : List.of("bridge", "inet")) {
            var outcome = nft.run(List.of("-j", "list", "table", family, name));
            if (outcome.good()) {
                found.addAll(objects(outcome));
            }
        }
        return found.stream().flatMap(Kernel::elementsOf).collect(Collectors.toSet());
    }

    /** Whether the rules last looked at are those that were remembered. */
    boolean untouched() {
        return !rules.isEmpty() && rules.equals(rulesOf(found));
    }

    /** Takes the rules that are there now for the right ones. */
    void remember() throws IOException, InterruptedException {
        elements();
        rules = rulesOf(found);
    }

    private static List<JsonObject> rulesOf(List<JsonObject> objects) {
        return objects.stream()
                .filter(object -> object.containsKey("rule") || object.containsKey("chain"))
                .toList();
    }

    private static List<JsonObject> objects(Outcome outcome) throws IOException {
        try {
            return new JsonObject(outcome.output())
                    .getJsonArray("nftables", new JsonArray()).stream()
                            .filter(JsonObject.class::isInstance)
                            .map(JsonObject.class::cast)
                            .toList();
        } catch (DecodeException | ClassCastException unreadable) {
            throw new IOException("nft lists its tables in an unknown form", unreadable);
        }
    }

    private static Stream<Element> elementsOf(JsonObject object) {
        var holder = object.getJsonObject("set", object.getJsonObject("map"));
        if (holder == null) {
            return Stream.empty();
        }
        var table = Arrays.stream(Table.values())
                .filter(known -> known.text().equals(holder.getString("name")))
                .findFirst();
        return holder.getJsonArray("elem", new JsonArray()).stream()
                .flatMap(entry -> table.flatMap(known -> element(known, entry)).stream());
    }

    private static Optional<Element> element(Table table, Object entry) {
        if (entry instanceof JsonArray pair && pair.size() == 2) {
            return Optional.of(new Element(table, text(table, pair.getValue(0)), text(table, pair.getValue(1))));
        }
        return Optional.of(Element.of(table, text(table, entry)));
    }

    /** As {@link Element} writes it. */
    private static String text(Table table, Object value) {
        if (value instanceof JsonObject object && object.containsKey("concat")) {
            return object.getJsonArray("concat").stream()
                    .map(part -> text(table, part))
                    .collect(Collectors.joining(" . "));
        }
        return value.toString();
    }
}
