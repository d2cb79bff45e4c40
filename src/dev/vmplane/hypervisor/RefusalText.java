package dev.vmplane.hypervisor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.regex.Pattern;

/**
 * What a hypervisor said when it said no, as one line fit for a tenant: host paths are struck out and the length is
 * bounded. Understands the shapes there are: {@code {"fault_message": …}} of Firecracker, the list of Cloud Hypervisor
 * with the outermost cause first, {@code {"error": …}} of the HTTP server both use, which holds a raw line feed that
 * JSON forbids, and none at all. Anything else is shown as it came.
 */
final class RefusalText {
    private static final int MAX_LENGTH = 300;
    private static final JsonMapper LENIENT = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
            .build();
    private static final Pattern HOST_PATH = Pattern.compile("(?<![\\w.])/[^\\s\"'`,;:)\\]]+");
    private static final Pattern NOT_TEXT = Pattern.compile("[\\s\\p{Cntrl}]+");

    private RefusalText() {}

    static String of(int status, String body) {
        var said = NOT_TEXT.matcher(HOST_PATH.matcher(message(body)).replaceAll("(file)"))
                .replaceAll(" ")
                .strip();
        if (said.isEmpty()) {
            return "status " + status;
        }
        return said.length() <= MAX_LENGTH ? said : said.substring(0, MAX_LENGTH - 1) + "…";
    }

    private static String message(String body) {
        JsonNode tree;
        try {
            tree = LENIENT.readTree(body);
        } catch (JsonProcessingException notJson) {
            return body;
        }
        if (tree.isArray()) {
            var causes = new ArrayList<String>();
            tree.forEach(cause -> causes.add(cause.asText()));
            return String.join(": ", causes);
        }
        for (var key : new String[] {"fault_message", "error"}) {
            if (tree.path(key).isTextual()) {
                return tree.get(key).textValue();
            }
        }
        return body;
    }
}
