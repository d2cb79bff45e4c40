package dev.vmplane.image;

import dev.vmplane.image.Manifest.Platform;
import dev.vmplane.model.ImageConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The configuration of an image, as the OCI image specification writes it.
 *
 * @param platform what it is made for
 * @param diffIds digests of the unpacked layers, from the lowest to the uppermost
 */
record ImageDocument(Platform platform, ImageConfig config, List<String> diffIds) {
    private static final int MAX_TEXTS = 1024;
    private static final int MAX_PORTS = 1024;
    private static final Pattern TCP = Pattern.compile("([1-9][0-9]{0,4})(/tcp)?");

    static ImageDocument read(byte[] document) {
        var json = Manifest.json(document);
        var config = object(json, "config");
        var here = Platform.ofThisHost();
        var platform = new Platform(said(json, "os", here.os()), said(json, "architecture", here.architecture()));
        return new ImageDocument(
                platform,
                new ImageConfig(
                        texts(config, "Entrypoint"),
                        texts(config, "Cmd"),
                        env(texts(config, "Env")),
                        unlessEmpty(Manifest.text(config, "WorkingDir", "")),
                        unlessEmpty(Manifest.text(config, "User", "")),
                        unlessEmpty(Manifest.text(config, "StopSignal", "")),
                        ports(object(config, "ExposedPorts"))),
                texts(object(json, "rootfs"), "diff_ids"));
    }

    void refuseUnlessFor(Platform wanted) {
        if (!platform.equals(wanted)) {
            throw ImageTrouble.bad(
                    "image_wrong_platform",
                    "it is made for " + Manifest.shown(platform.toString()) + ", and this host runs " + wanted);
        }
    }

    /** Images that were put together by hand often say nothing, and mean the host they were made on. */
    private static String said(JsonObject json, String name, String usual) {
        var text = Manifest.text(json, name, "");
        return text.isEmpty() ? usual : text;
    }

    /** Docker writes null where it means nothing. */
    private static JsonObject object(JsonObject json, String name) {
        return json.getValue(name) instanceof JsonObject object ? object : new JsonObject();
    }

    private static List<String> texts(JsonObject json, String name) {
        if (!(json.getValue(name) instanceof JsonArray items)) {
            return List.of();
        }
        if (items.size() > MAX_TEXTS) {
            throw malformed(name + " has " + items.size() + " entries");
        }
        var texts = new ArrayList<String>();
        for (var item : items) {
            if (!(item instanceof String text) || text.indexOf('\0') >= 0) {
                throw malformed(name + " holds something else than texts");
            }
            texts.add(text);
        }
        return List.copyOf(texts);
    }

    /** The last of two values for one name is the one that holds; what has no name is no variable. */
    private static Map<String, String> env(List<String> lines) {
        var env = new TreeMap<String, String>();
        for (var line : lines) {
            var equals = line.indexOf('=');
            if (equals > 0) {
                env.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return env;
    }

    /** Ports of other protocols are nothing that is routed to. */
    private static List<Integer> ports(JsonObject exposed) {
        if (exposed.size() > MAX_PORTS) {
            throw malformed("ExposedPorts has " + exposed.size() + " entries");
        }
        var ports = new TreeSet<Integer>();
        for (var name : exposed.fieldNames()) {
            var form = TCP.matcher(name);
            if (form.matches() && Integer.parseInt(form.group(1)) <= 65535) {
                ports.add(Integer.parseInt(form.group(1)));
            }
        }
        return List.copyOf(ports);
    }

    private static String unlessEmpty(String text) {
        return text.isEmpty() ? null : text;
    }

    private static ImageTrouble malformed(String what) {
        return ImageTrouble.bad("image_malformed", "in its configuration, " + what);
    }
}
