package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CanonicalJsonTest {

    @Test
    void holdsNoWhiteSpace() {
        var document = new LinkedHashMap<String, Object>();
        document.put("b", List.of(1, "x", true, List.of(), Map.of()));
        document.put("a", -7L);

        assertThat(CanonicalJson.of(document)).isEqualTo("{\"a\":-7,\"b\":[1,\"x\",true,[],{}]}");
    }

    @Test
    void sortsNamesByTheirUtf16CodeUnits() {
        var document = new LinkedHashMap<String, Object>();
        document.put("\ufb33", 1);
        document.put("😀", 2);
        document.put("ö", 3);
        document.put("1", 4);

        assertThat(CanonicalJson.of(document)).isEqualTo("{\"1\":4,\"ö\":3,\"😀\":2,\"\ufb33\":1}");
    }

    @Test
    void escapesOnlyWhatMustBe() {
        assertThat(CanonicalJson.of("\"\\/\b\f\n\r\t\u0000\u001f\u007f€\u2028"))
                .isEqualTo("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f€\u2028\"");
    }

    @ParameterizedTest
    @MethodSource("foreign")
    void refusesWhatHasNoSingleForm(Object value) {
        var document = new ArrayList<Object>();
        document.add(value);

        assertThatThrownBy(() -> CanonicalJson.of(document)).isInstanceOf(IllegalArgumentException.class);
    }

    static Stream<Object> foreign() {
        return Stream.of(1.5, 1L << 53, "\ud800", "\udc00x", new Object());
    }
}
