package dev.vmplane.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RefusalTextTest {

    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of("{\"fault_message\": \"no kernel\"}", "no kernel"),
                Arguments.of("[\"Error from API\", \"no boot\"]", "Error from API: no boot"),
                Arguments.of("{ \"error\": \"bad line\nAll dropped.\" }", "bad line All dropped."),
                Arguments.of("", "status 400"),
                Arguments.of("   \n ", "status 400"),
                Arguments.of("null", "null"),
                Arguments.of("{\"fault_message\": 7}", "{\"fault_message\": 7}"),
                Arguments.of("<html>", "<html>"),
                Arguments.of("a\u0000\u001b[31mb", "a [31mb"),
                Arguments.of("{\"fault_message\": \"open /var/lib/x.img: denied\"}", "open (file): denied"),
                Arguments.of("cannot open \"/srv/a b\" (os error 2)", "cannot open \"(file) b\" (os error 2)"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void everyShapeOfRefusalBecomesOneLine(String body, String line) {
        assertThat(RefusalText.of(400, body)).isEqualTo(line);
    }

    @Test
    void aLongRefusalIsCut() {
        assertThat(RefusalText.of(400, "x".repeat(10_000))).hasSize(300).endsWith("…");
    }

    @Test
    void aDeeplyNestedBodyIsShownAsItCame() {
        assertThat(RefusalText.of(400, "[".repeat(5_000))).startsWith("[[[");
    }
}
