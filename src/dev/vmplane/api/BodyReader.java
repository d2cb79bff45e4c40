package dev.vmplane.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.handler.HttpException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Makes plain Java values of a request's body, strictly: what two readers could understand in two ways is refused, with
 * the line and column of it.
 */
final class BodyReader {
    private static final int MAX_NESTING = 50;
    private static final int MAX_NUMBER_LENGTH = 100;

    private static final ObjectReader JSON = mapper().readerFor(Object.class);

    private final Function<String, Map<String, Object>> yaml;

    BodyReader(Function<String, Map<String, Object>> yaml) {
        this.yaml = yaml;
    }

    /**
     * The object in {@code body}.
     *
     * @param contentType as the client wrote it, or null
     * @param body null when there is none
     * @throws RefusedException when it is not one
     * @throws HttpException with 415 when the type says that it is something else
     */
    Map<String, Object> read(String contentType, Buffer body) {
        var text = text(body);
        return switch (mediaType(contentType)) {
            case "application/json" -> json(text);
            case "application/yaml" -> yaml.apply(text);
            default -> throw new HttpException(415);
        };
    }

    /**
     * The object in {@code body}, which says what is to differ: null takes a field away.
     *
     * @throws HttpException with 415 when the type says that it is something else
     */
    Map<String, Object> readPatch(String contentType, Buffer body) {
        return switch (mediaType(contentType)) {
            case "application/json", "application/merge-patch+json" -> json(text(body));
            default -> throw new HttpException(415);
        };
    }

    private static String mediaType(String contentType) {
        return contentType == null ? "" : contentType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    @SuppressWarnings("unchecked") // names in JSON are always text
    private static Map<String, Object> json(String text) {
        Object value;
        try {
            value = JSON.readValue(text);
        } catch (JsonProcessingException malformed) {
            throw refused("bad_json", place(malformed) + malformed.getOriginalMessage());
        }
        if (value instanceof Map) {
            return (Map<String, Object>) value;
        }
        throw refused("wrong_type", "the body cannot be a list or a single value: an object");
    }

    private static String place(JsonProcessingException malformed) {
        var at = malformed.getLocation();
        return at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
    }

    private static String text(Buffer body) {
        if (body == null) {
            return "";
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body.getBytes()))
                    .toString();
        } catch (CharacterCodingException notText) {
            throw refused("bad_encoding", "the body is not UTF-8");
        }
    }

    private static RefusedException refused(String code, String message) {
        return new Refusal(Refusal.Kind.BAD_INPUT, code, null, message).asException();
    }

    private static ObjectMapper mapper() {
        var limits = StreamReadConstraints.builder()
                .maxNestingDepth(MAX_NESTING)
                .maxNumberLength(MAX_NUMBER_LENGTH)
                .build();
        var factory = JsonFactory.builder()
                .streamReadConstraints(limits)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .build();
        return JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
    }
}
