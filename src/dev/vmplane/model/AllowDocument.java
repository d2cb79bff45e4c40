package dev.vmplane.model;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Pattern;

/** How the exceptions from a VM's walls are written. What it writes, it reads back as equal records. */
public final class AllowDocument {
    private static final int MAX_ENTRIES = 64;
    private static final int MAX_PORT = 65535;
    private static final Pattern HOST = Pattern.compile("host:([1-9][0-9]{0,4})(/tcp|/udp)?");
    private static final String TENANT = "tenant:";
    private static final String WANTS = "tenant:<name>, host:<port>, host:<port>/udp or metadata";

    private AllowDocument() {}

    static List<String> of(List<Allow> allow) {
        return allow.stream().map(Allow::text).toList();
    }

    /** Reads the list {@code name}. */
    public static List<Allow> read(Fields fields, String name) {
        var texts = fields.texts(name);
        if (texts.size() > MAX_ENTRIES) {
            fields.refuseField(
                    "out_of_range", name, "cannot have " + texts.size() + " entries: at most " + MAX_ENTRIES);
        }
        var allow = new LinkedHashSet<Allow>();
        for (var text : texts) {
            var entry = read(text);
            if (entry == null) {
                fields.refuseField("bad_value", name, "cannot hold '" + FieldPath.printable(text) + "': " + WANTS);
            } else {
                allow.add(entry);
            }
        }
        return List.copyOf(allow);
    }

    private static Allow read(String text) {
        if (text.equals("metadata")) {
            return new Allow.ToMetadata();
        }
        if (text.startsWith(TENANT)) {
            var tenant = text.substring(TENANT.length());
            return Wish.ID.pattern().matcher(tenant).matches() ? new Allow.FromTenant(tenant) : null;
        }
        var host = HOST.matcher(text);
        if (!host.matches() || Integer.parseInt(host.group(1)) > MAX_PORT) {
            return null;
        }
        var protocol = "/udp".equals(host.group(2)) ? Allow.Protocol.UDP : Allow.Protocol.TCP;
        return new Allow.ToHost(protocol, Integer.parseInt(host.group(1)));
    }
}
